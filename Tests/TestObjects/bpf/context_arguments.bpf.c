// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// A global function that programs of several types call with their own context, which only a tag says. The verifier
// checks it apart from its callers, with a context argument or not at all.
#include "corpus.h"

#ifndef __arg_ctx
#define __arg_ctx __attribute__((btf_decl_tag("arg:ctx")))
#endif

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} events SEC(".maps");

__noinline int report(int value, void *ctx __arg_ctx)
{
	// Only a context is taken as the first argument.
	return bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &value, sizeof(value));
}

SEC("tc")
int from_tc(struct __sk_buff *ctx)
{
	return report(1, ctx);
}

SEC("xdp")
int from_xdp(struct xdp_md *ctx)
{
	return report(2, ctx);
}

SEC("raw_tp/sys_enter")
int from_raw(struct bpf_raw_tracepoint_args *ctx)
{
	return report(3, ctx);
}

// Tracepoints have no context of a name that older kernels know.
SEC("?kprobe/bpf_prog_put")
int from_kprobe(struct pt_regs *ctx)
{
	return report(4, ctx);
}

GPL;
