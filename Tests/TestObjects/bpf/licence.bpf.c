// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// An object whose licence string is not GPL-compatible and that names a kernel version, as old objects do.
#include "corpus.h"

SEC("socket")
int plain(struct __sk_buff *ctx)
{
	return ctx->len;
}

SEC("?tp/syscalls/sys_enter_getpgid")
int needs_gpl(void *ctx)
{
	bpf_printk("only for GPL");
	return 0;
}

char LICENSE[] SEC("license") = "Proprietary";
__u32 VERSION SEC("version") = KERNEL_VERSION(5, 10, 0);
