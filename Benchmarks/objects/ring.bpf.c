// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Each run writes one record.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 24);
} ring SEC(".maps");

char record[2048];

#define WRITER(length) \
	SEC("xdp") int write_##length(struct xdp_md *context) \
	{ \
		bpf_ringbuf_output(&ring, record, length, BPF_RB_NO_WAKEUP); \
		return XDP_PASS; \
	}

WRITER(64)
WRITER(512)
WRITER(2048)
