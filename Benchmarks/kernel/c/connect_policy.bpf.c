// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Who may connect where: refuses connections to listed addresses and ports, and turns others elsewhere.
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct destination {
	__be32 address;
	__be16 port;
	__u16 protocol;
};

struct policy {
	__be32 address;    // 0: refuse
	__be16 port;
	__u16 padding;
	__u64 hits;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct destination);
	__type(value, struct policy);
} policies SEC(".maps");

__u64 allowed, denied;

SEC("cgroup/connect4")
int connect_policy(struct bpf_sock_addr *ctx)
{
	struct destination destination = {
		.address = ctx->user_ip4,
		.port = ctx->user_port,
		.protocol = ctx->protocol,
	};
	struct policy *policy;

	policy = bpf_map_lookup_elem(&policies, &destination);
	if (!policy) {
		__sync_fetch_and_add(&allowed, 1);
		return 1;
	}
	__sync_fetch_and_add(&policy->hits, 1);
	if (!policy->address) {
		__sync_fetch_and_add(&denied, 1);
		return 0;
	}
	ctx->user_ip4 = policy->address;
	ctx->user_port = policy->port;
	return 1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
