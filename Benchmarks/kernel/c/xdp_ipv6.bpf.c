// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Drops IPv6 traffic from networks in a trie to the port that the network's rule names, behind extension headers.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct network {
	__u32 prefix_length;
	struct in6_addr address;
};

struct rule {
	__be16 port;      // 0: every port
	__u8 protocol;    // 0: every protocol
	__u8 action;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct network);
	__type(value, struct rule);
} rules SEC(".maps");

struct fragment_header {
	__u8 next;
	__u8 reserved;
	__be16 offset_and_flags;
	__be32 identification;
};

SEC("xdp")
int filter_ipv6(struct xdp_md *ctx)
{
	void *next = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *ethernet = next;
	struct ipv6hdr *ip;
	struct ipv6_opt_hdr *option;
	struct fragment_header *fragment;
	struct udphdr *ports;
	struct network source;
	struct rule *rule;
	__u8 protocol;
	int i;

	if ((void *)(ethernet + 1) > end)
		return XDP_DROP;
	if (ethernet->h_proto != bpf_htons(ETH_P_IPV6))
		return XDP_PASS;
	ip = (void *)(ethernet + 1);
	if ((void *)(ip + 1) > end || ip->version != 6)
		return XDP_DROP;

	source.prefix_length = 128;
	source.address = ip->saddr;
	rule = bpf_map_lookup_elem(&rules, &source);
	if (!rule)
		return XDP_PASS;
	if (rule->protocol == 0)
		return rule->action;

	protocol = ip->nexthdr;
	next = ip + 1;
	for (i = 0; i < 6; i++) {
		switch (protocol) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
		case 135:
		case 139:
		case 140:
			option = next;
			if ((void *)(option + 1) > end)
				return XDP_DROP;
			protocol = option->nexthdr;
			next += (option->hdrlen + 1) * 8;
			break;
		case IPPROTO_AH:
			option = next;
			if ((void *)(option + 1) > end)
				return XDP_DROP;
			protocol = option->nexthdr;
			next += (option->hdrlen + 2) * 4;
			break;
		case IPPROTO_FRAGMENT:
			fragment = next;
			if ((void *)(fragment + 1) > end)
				return XDP_DROP;
			protocol = fragment->next;
			next = fragment + 1;
			// Only the first fragment has ports.
			if (fragment->offset_and_flags & bpf_htons(0xfff8))
				return XDP_PASS;
			break;
		default:
			goto transport;
		}
	}
	return XDP_DROP;

transport:
	if (protocol != rule->protocol)
		return XDP_PASS;
	if (rule->port == 0)
		return rule->action;
	// TCP's ports are where UDP's are.
	ports = next;
	if ((void *)(ports + 1) > end)
		return XDP_DROP;
	return ports->dest == rule->port ? rule->action : XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
