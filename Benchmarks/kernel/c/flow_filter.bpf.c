// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Counts the flows of a socket's packets, and keeps the first bytes of each packet.
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct flow {
	__be32 source;
	__be32 destination;
	__be16 source_port;
	__be16 destination_port;
	__u8 protocol;
	__u8 padding[3];
};

struct load {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct flow);
	__type(value, struct load);
} flows SEC(".maps");

SEC("socket")
int filter_flow(struct __sk_buff *skb)
{
	struct flow flow = {};
	struct load *load, empty = {};
	struct iphdr ip;
	__be16 ports[2];

	if (skb->protocol != bpf_htons(ETH_P_IP))
		return 0;
	if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) < 0 || ip.ihl < 5)
		return 0;
	flow.source = ip.saddr;
	flow.destination = ip.daddr;
	flow.protocol = ip.protocol;
	if (ip.protocol == IPPROTO_TCP || ip.protocol == IPPROTO_UDP) {
		if (bpf_skb_load_bytes(skb, ETH_HLEN + ip.ihl * 4, ports, sizeof(ports)) < 0)
			return 0;
		flow.source_port = ports[0];
		flow.destination_port = ports[1];
	}
	load = bpf_map_lookup_elem(&flows, &flow);
	if (!load) {
		// Another CPU may be first: then its value is the one to go on with.
		bpf_map_update_elem(&flows, &flow, &empty, BPF_NOEXIST);
		load = bpf_map_lookup_elem(&flows, &flow);
		if (!load)
			return 96;
	}
	__sync_fetch_and_add(&load->packets, 1);
	__sync_fetch_and_add(&load->bytes, skb->len);
	return 96;
}

char LICENSE[] SEC("license") = "GPL";
