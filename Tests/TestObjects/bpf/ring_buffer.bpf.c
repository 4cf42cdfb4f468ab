// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Records of several sizes in a ring buffer, by reserve and by output; some discarded; those that found no room counted.
#include "corpus.h"

struct record {
	__u64 sequence;
	__u32 process;
	__u32 size;
	__u8 filler[48];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} ring SEC(".maps");

const volatile __u32 only_process;
const volatile bool quiet;
__u64 sequence, lost, discarded;
struct record unused_type_anchor;

static __always_inline bool wanted(void)
{
	return !only_process || bpf_get_current_pid_tgid() >> 32 == only_process;
}

SEC("raw_tp/sys_enter")
int reserve(void *ctx)
{
	struct record *record;

	if (!wanted())
		return 0;
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	record->sequence = __sync_fetch_and_add(&sequence, 0);
	sequence++;
	record->process = bpf_get_current_pid_tgid() >> 32;
	record->size = sizeof(*record);
	if (sequence % 8 == 0) {
		discarded++;
		bpf_ringbuf_discard(record, 0);
	} else {
		bpf_ringbuf_submit(record, quiet ? BPF_RB_NO_WAKEUP : 0);
	}
	return 0;
}

/* A record per run, for BPF_PROG_TEST_RUN: the packet itself. */
SEC("xdp")
int output_packet(struct xdp_md *ctx)
{
	__u8 bytes[32] = {};
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + sizeof(bytes) > end)
		return XDP_ABORTED;
	__builtin_memcpy(bytes, data, sizeof(bytes));
	if (bpf_ringbuf_output(&ring, bytes, sizeof(bytes), quiet ? BPF_RB_NO_WAKEUP : 0)) {
		__sync_fetch_and_add(&lost, 1);
		return XDP_DROP;
	}
	return XDP_PASS;
}

SEC("xdp")
int query(struct xdp_md *ctx)
{
	return bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) ? XDP_PASS : XDP_DROP;
}

GPL;
