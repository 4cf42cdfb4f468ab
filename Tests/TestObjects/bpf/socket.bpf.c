// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Socket filters and a choice among sockets that share a port.
#include "corpus.h"

__u64 packets;
__u32 keep = 0xffffffff;

struct {
	__uint(type, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} listeners SEC(".maps");

__u32 chosen;

SEC("socket")
int filter(struct __sk_buff *ctx)
{
	__sync_fetch_and_add(&packets, 1);
	return keep;
}

SEC("sk_reuseport")
int choose(struct sk_reuseport_md *ctx)
{
	__u32 key = chosen;

	return bpf_sk_select_reuseport(ctx, &listeners, &key, 0) ? SK_DROP : SK_PASS;
}

GPL;
