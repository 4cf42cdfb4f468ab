// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// User probes on a function of the process that loads them; arguments, result, cookie.
#include "corpus.h"
#include <linux/ptrace.h>
#include <bpf/bpf_tracing.h>

const volatile __u32 only_process;
__u64 entries, returns, cookie;
__u64 first_argument, second_argument, result;

SEC("uprobe")
int on_entry(struct pt_regs *ctx)
{
	if (only_process && bpf_get_current_pid_tgid() >> 32 != only_process)
		return 0;
	first_argument = PT_REGS_PARM1(ctx);
	second_argument = PT_REGS_PARM2(ctx);
	__sync_fetch_and_add(&entries, 1);
	return 0;
}

SEC("uretprobe")
int on_return(struct pt_regs *ctx)
{
	if (only_process && bpf_get_current_pid_tgid() >> 32 != only_process)
		return 0;
	result = PT_REGS_RC(ctx);
	__sync_fetch_and_add(&returns, 1);
	return 0;
}

/* bpf_get_attach_cookie needs 5.15. */
SEC("?uprobe")
int on_entry_with_cookie(struct pt_regs *ctx)
{
	cookie = bpf_get_attach_cookie(ctx);
	return 0;
}

GPL;
