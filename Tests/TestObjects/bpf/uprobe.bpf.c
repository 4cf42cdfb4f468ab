// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// User probes on a function of the process that loads them; arguments, result, cookie.
#include "corpus.h"
#include <linux/ptrace.h>
#include <bpf/bpf_tracing.h>

const volatile __u32 only_process, only_thread;
__u64 entries, returns, cookie;
__u64 first_argument, second_argument, result;

static __always_inline bool wanted(void)
{
	__u64 current = bpf_get_current_pid_tgid();

	return (!only_process || current >> 32 == only_process) && (!only_thread || (__u32)current == only_thread);
}

SEC("uprobe")
int on_entry(struct pt_regs *ctx)
{
	if (!wanted())
		return 0;
	first_argument = PT_REGS_PARM1(ctx);
	second_argument = PT_REGS_PARM2(ctx);
	__sync_fetch_and_add(&entries, 1);
	return 0;
}

SEC("uretprobe")
int on_return(struct pt_regs *ctx)
{
	if (!wanted())
		return 0;
	result = PT_REGS_RC(ctx);
	__sync_fetch_and_add(&returns, 1);
	return 0;
}

/* bpf_get_attach_cookie needs 5.15. */
SEC("?uprobe")
int on_entry_with_cookie(struct pt_regs *ctx)
{
	if (wanted())
		cookie = bpf_get_attach_cookie(ctx);
	return 0;
}

GPL;
