// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// One program on many kernel functions (5.18); it notes which it was called for, and the cookie. One that runs at entry
// and return (6.10).
#include "corpus.h"

const volatile __u32 only_thread;
__u64 hits, address, cookie, session;

SEC("kprobe.multi/vfs_getattr*")
int on_entry(void *ctx)
{
	if (only_thread && (__u32)bpf_get_current_pid_tgid() != only_thread)
		return 0;
	address = bpf_get_func_ip(ctx);
	cookie = bpf_get_attach_cookie(ctx);
	__sync_fetch_and_add(&hits, 1);
	return 0;
}

/* Runs at the entry and, since it returns zero there, at the return. */
SEC("?kprobe.session/vfs_getattr*")
int on_both(void *ctx)
{
	if ((__u32)bpf_get_current_pid_tgid() == only_thread)
		__sync_fetch_and_add(&session, 1);
	return 0;
}

GPL;
