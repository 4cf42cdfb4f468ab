// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Sends TCP and UDP traffic for a service's address to the backend behind it: destination and checksums are rewritten.
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct service {
	__be32 address;
	__be16 port;
	__u16 protocol;
};

struct backend {
	__be32 address;
	__be16 port;
	__u16 mark;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct service);
	__type(value, struct backend);
} services SEC(".maps");

SEC("tc")
int rewrite(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;
	struct ethhdr *ethernet = data;
	struct iphdr *ip = (void *)(ethernet + 1);
	struct udphdr *ports;
	struct service service = {};
	struct backend *backend;
	__u32 transport, checksum, flags;
	__be32 address;
	__be16 port;

	if ((void *)(ethernet + 1) > end || ethernet->h_proto != bpf_htons(ETH_P_IP))
		return TC_ACT_OK;
	if ((void *)(ip + 1) > end || ip->version != 4 || ip->ihl < 5)
		return TC_ACT_SHOT;
	if (ip->frag_off & bpf_htons(0x1fff))
		return TC_ACT_OK;
	transport = sizeof(*ethernet) + ip->ihl * 4;
	ports = data + transport;
	switch (ip->protocol) {
	case IPPROTO_TCP:
		checksum = transport + offsetof(struct tcphdr, check);
		flags = 0;
		break;
	case IPPROTO_UDP:
		checksum = transport + offsetof(struct udphdr, check);
		flags = BPF_F_MARK_MANGLED_0;
		break;
	default:
		return TC_ACT_OK;
	}
	if ((void *)(ports + 1) > end)
		return TC_ACT_SHOT;

	service.address = ip->daddr;
	service.port = ports->dest;
	service.protocol = ip->protocol;
	backend = bpf_map_lookup_elem(&services, &service);
	if (!backend)
		return TC_ACT_OK;

	address = backend->address;
	port = backend->port;
	bpf_l4_csum_replace(skb, checksum, service.address, address, BPF_F_PSEUDO_HDR | flags | sizeof(address));
	bpf_l4_csum_replace(skb, checksum, service.port, port, flags | sizeof(port));
	bpf_skb_store_bytes(skb, transport + offsetof(struct udphdr, dest), &port, sizeof(port), 0);
	bpf_l3_csum_replace(skb, sizeof(*ethernet) + offsetof(struct iphdr, check), service.address, address,
			    sizeof(address));
	bpf_skb_store_bytes(skb, sizeof(*ethernet) + offsetof(struct iphdr, daddr), &address, sizeof(address), 0);
	skb->mark = backend->mark;
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
