// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Records to per-CPU perf buffers.
#include "corpus.h"

struct record {
	__u64 time;
	__u32 cpu;
	__u32 process;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, int);
	__type(value, int);
} events SEC(".maps");

const volatile __u32 only_process;

SEC("raw_tp/sys_enter")
int output(void *ctx)
{
	struct record record = {
		.time = bpf_ktime_get_ns(),
		.cpu = bpf_get_smp_processor_id(),
		.process = bpf_get_current_pid_tgid() >> 32,
	};

	if (only_process && record.process != only_process)
		return 0;
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &record, sizeof(record));
	return 0;
}

/* The packet's first bytes follow the record, which makes its size vary. */
SEC("xdp")
int output_packet(struct xdp_md *ctx)
{
	struct record record = { .time = bpf_ktime_get_ns(), .cpu = bpf_get_smp_processor_id() };
	__u64 length = ctx->data_end - ctx->data;

	if (length > 64)
		length = 64;
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU | length << 32, &record, sizeof(record));
	return XDP_PASS;
}

GPL;
