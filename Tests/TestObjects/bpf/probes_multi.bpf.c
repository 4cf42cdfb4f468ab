// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// User probes on many functions by one link (6.6), on entry and return by one program (6.13), with cookies.
#include "corpus.h"

const volatile __u32 only_thread;
__u64 hits, cookies, returns, session;

static __always_inline bool wanted(void)
{
	return (__u32)bpf_get_current_pid_tgid() == only_thread;
}

SEC("uprobe.multi")
int on_entry(void *ctx)
{
	if (!wanted())
		return 0;
	__sync_fetch_and_add(&cookies, bpf_get_attach_cookie(ctx));
	__sync_fetch_and_add(&hits, 1);
	return 0;
}

SEC("uretprobe.multi")
int on_return(void *ctx)
{
	if (wanted())
		__sync_fetch_and_add(&returns, 1);
	return 0;
}

/* Runs at the entry and, since it returns zero there, at the return. */
SEC("?uprobe.session")
int on_both(void *ctx)
{
	if (wanted())
		__sync_fetch_and_add(&session, 1);
	return 0;
}

GPL;
