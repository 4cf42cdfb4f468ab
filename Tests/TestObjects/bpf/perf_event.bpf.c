// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Samples of a perf event: counted, with the period, and the stack kept.
#include "corpus.h"
#include <linux/bpf_perf_event.h>

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 256);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 32 * sizeof(__u64));
} stacks SEC(".maps");

__u64 samples, period;
int last_stack = -1;

SEC("perf_event")
int on_sample(struct bpf_perf_event_data *ctx)
{
	__sync_fetch_and_add(&samples, 1);
	period = ctx->sample_period;
	last_stack = bpf_get_stackid(ctx, &stacks, BPF_F_FAST_STACK_CMP | BPF_F_REUSE_STACKID);
	return 0;
}

GPL;
