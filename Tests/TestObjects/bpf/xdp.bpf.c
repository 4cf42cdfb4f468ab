// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// XDP programs that pass, drop, count per CPU, send back, and redirect through maps of devices and CPUs.
#include "corpus.h"
#include <linux/if_ether.h>

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} packets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct bpf_devmap_val);
} devices SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct bpf_cpumap_val);
} cpus SEC(".maps");

__u64 on_other_cpu, on_device;

static __always_inline void count(__u32 slot)
{
	__u64 *value = bpf_map_lookup_elem(&packets, &slot);

	if (value)
		*value += 1;
}

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	count(0);
	return XDP_PASS;
}

SEC("xdp")
int drop(struct xdp_md *ctx)
{
	count(1);
	return XDP_DROP;
}

/* Sends the packet back to where it came from. */
SEC("xdp")
int reflect(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *ethernet = (void *)(long)ctx->data;
	__u8 source[ETH_ALEN];

	if ((void *)(ethernet + 1) > end)
		return XDP_ABORTED;
	__builtin_memcpy(source, ethernet->h_source, ETH_ALEN);
	__builtin_memcpy(ethernet->h_source, ethernet->h_dest, ETH_ALEN);
	__builtin_memcpy(ethernet->h_dest, source, ETH_ALEN);
	return XDP_TX;
}

SEC("xdp")
int to_device(struct xdp_md *ctx)
{
	return bpf_redirect_map(&devices, 0, XDP_PASS);
}

SEC("xdp")
int to_cpu(struct xdp_md *ctx)
{
	return bpf_redirect_map(&cpus, 0, XDP_PASS);
}

SEC("xdp/devmap")
int at_device(struct xdp_md *ctx)
{
	__sync_fetch_and_add(&on_device, 1);
	return XDP_PASS;
}

SEC("xdp/cpumap")
int at_cpu(struct xdp_md *ctx)
{
	__sync_fetch_and_add(&on_other_cpu, 1);
	return XDP_PASS;
}

GPL;
