// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// One program on many kernel functions (5.18); it notes which it was called for, and the cookie.
#include "corpus.h"

const volatile __u32 only_process;
__u64 hits, address, cookie;

SEC("kprobe.multi/vfs_getattr*")
int on_entry(void *ctx)
{
	if (only_process && bpf_get_current_pid_tgid() >> 32 != only_process)
		return 0;
	address = bpf_get_func_ip(ctx);
	cookie = bpf_get_attach_cookie(ctx);
	__sync_fetch_and_add(&hits, 1);
	return 0;
}

GPL;
