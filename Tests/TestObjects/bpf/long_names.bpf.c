// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Names of which the kernel keeps the same 15 bytes: the rest is in BTF. */
#include "corpus.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} addresses_of_connections SEC(".maps"), ports_of_connections SEC(".maps");

static __always_inline int count(void *map, __u32 key)
{
	__u64 one = 1;

	bpf_map_update_elem(map, &key, &one, BPF_ANY);
	return XDP_PASS;
}

SEC("xdp")
int handle_connection_open(struct xdp_md *context)
{
	return count(&addresses_of_connections, context->ingress_ifindex);
}

SEC("xdp")
int handle_connection_close(struct xdp_md *context)
{
	return count(&ports_of_connections, context->rx_queue_index);
}

GPL;
