// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Drops packets from the IPv4 addresses in a table that user space changes while traffic flows.
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define MAX_TAGS 2  // 802.1Q inside 802.1ad (QinQ)

struct vlan_tag {
	__be16 control;
	__be16 inner_type;
};

struct drop_count {
	__u64 packets;
	__u64 bytes;
};

// Key: the address as it is in the packet (big-endian). Value: whether it is blocked; false keeps the entry without
// blocking.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct in_addr);
	__type(value, bool);
} blocked_addresses SEC(".maps");

// The packets that each address has lost; the entry stays when the address is allowed again.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct in_addr);
	__type(value, struct drop_count);
} drop_counts SEC(".maps");

__u64 passed, dropped;
__u64 malformed;     // shorter than their own headers say: left to the kernel's own checks
__u64 lost_counts;   // drops of addresses for which the table of counts had no room

static __always_inline void count_drop(__be32 address, __u64 bytes)
{
	struct drop_count first = { .packets = 1, .bytes = bytes };
	struct drop_count *count = bpf_map_lookup_elem(&drop_counts, &address);

	__sync_fetch_and_add(&dropped, 1);
	if (!count) {
		if (bpf_map_update_elem(&drop_counts, &address, &first, BPF_NOEXIST) == 0)
			return;
		// Another CPU was first, or the table is full.
		count = bpf_map_lookup_elem(&drop_counts, &address);
		if (!count) {
			__sync_fetch_and_add(&lost_counts, 1);
			return;
		}
	}
	__sync_fetch_and_add(&count->packets, 1);
	__sync_fetch_and_add(&count->bytes, bytes);
}

static __always_inline int is_tag(__be16 type)
{
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD) || type == bpf_htons(ETH_P_QINQ1);
}

SEC("xdp")
int dynamic_firewall(struct xdp_md *ctx)
{
	void *next = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *ethernet = next;
	struct vlan_tag *tag;
	struct iphdr *ip;
	__be32 address;
	__be16 type;
	bool *blocked;
	int depth;

	// The bounds are checked before every read: the verifier requires it, and it makes a short packet harmless.
	if ((void *)(ethernet + 1) > end)
		goto malformed;
	type = ethernet->h_proto;
	next = ethernet + 1;

#pragma unroll
	for (depth = 0; depth < MAX_TAGS; depth++) {
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

	// The header is 20 to 60 bytes long; the address lies in the part that is always there, before any option.
	ip = next;
	if ((void *)(ip + 1) > end)
		goto malformed;
	if (ip->version != 4 || ip->ihl < 5 || next + ip->ihl * 4 > end)
		goto malformed;

	address = ip->saddr;
	blocked = bpf_map_lookup_elem(&blocked_addresses, &address);
	if (blocked && *blocked) {
		count_drop(address, end - (void *)(long)ctx->data);
		return XDP_DROP;
	}
pass:
	__sync_fetch_and_add(&passed, 1);
	return XDP_PASS;
malformed:
	__sync_fetch_and_add(&malformed, 1);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
