// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Drops packets from the IPv4 addresses in a table, behind up to two VLAN tags, with or without IP options.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct vlan_tag {
	__be16 control;
	__be16 inner_type;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __be32);
	__type(value, __u64);
} blocked SEC(".maps");

__u64 passed, dropped, malformed;

static __always_inline int is_tag(__be16 type)
{
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD);
}

SEC("xdp")
int firewall(struct xdp_md *ctx)
{
	void *next = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *ethernet = next;
	struct vlan_tag *tag;
	struct iphdr *ip;
	__be32 address;
	__be16 type;
	__u64 *hits;
	int depth;

	if ((void *)(ethernet + 1) > end)
		goto malformed;
	type = ethernet->h_proto;
	next = ethernet + 1;

#pragma unroll
	for (depth = 0; depth < 2; depth++) {
		if (!is_tag(type))
			break;
		tag = next;
		if ((void *)(tag + 1) > end)
			goto malformed;
		type = tag->inner_type;
		next = tag + 1;
	}
	if (type != bpf_htons(ETH_P_IP))
		goto pass;

	ip = next;
	if ((void *)(ip + 1) > end)
		goto malformed;
	if (ip->version != 4 || ip->ihl < 5 || next + ip->ihl * 4 > end)
		goto malformed;

	address = ip->saddr;
	hits = bpf_map_lookup_elem(&blocked, &address);
	if (hits) {
		__sync_fetch_and_add(hits, 1);
		__sync_fetch_and_add(&dropped, 1);
		return XDP_DROP;
	}
pass:
	__sync_fetch_and_add(&passed, 1);
	return XDP_PASS;
malformed:
	__sync_fetch_and_add(&malformed, 1);
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
