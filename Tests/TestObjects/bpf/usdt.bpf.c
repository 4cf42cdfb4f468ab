// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// A statically defined user probe and its arguments, by the maps and functions of <bpf/usdt.bpf.h>.
#include "corpus.h"
#include <linux/ptrace.h>
#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>

const volatile __u32 only_process;
__u64 hits, cookie;
__s64 arguments[3];
int argument_count = -1;

SEC("usdt")
int BPF_USDT(on_probe, long first, long second, long third)
{
	if (only_process && bpf_get_current_pid_tgid() >> 32 != only_process)
		return 0;
	arguments[0] = first;
	arguments[1] = second;
	arguments[2] = third;
	argument_count = bpf_usdt_arg_cnt(ctx);
	cookie = bpf_usdt_cookie(ctx);
	__sync_fetch_and_add(&hits, 1);
	return 0;
}

GPL;
