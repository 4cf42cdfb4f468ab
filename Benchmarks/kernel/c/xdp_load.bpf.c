// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Packets and bytes of each IPv4 source, counted on each CPU by itself.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct load {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, 65536);
	__type(key, __be32);
	__type(value, struct load);
} loads SEC(".maps");

SEC("xdp")
int count_load(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *ethernet = data;
	struct iphdr *ip = (void *)(ethernet + 1);
	struct load *load, first;
	__u64 bytes = end - data;
	__be32 source;

	if ((void *)(ip + 1) > end || ethernet->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	source = ip->saddr;
	load = bpf_map_lookup_elem(&loads, &source);
	if (load) {
		load->packets++;
		load->bytes += bytes;
	} else {
		first.packets = 1;
		first.bytes = bytes;
		bpf_map_update_elem(&loads, &source, &first, BPF_ANY);
	}
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
