// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Steers connections to a port on which nobody listens to a socket in a map.
#include "corpus.h"

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} target SEC(".maps");

const volatile __u16 port = 7;
__u64 steered;

SEC("sk_lookup")
int steer(struct bpf_sk_lookup *ctx)
{
	__u32 zero = 0;
	struct bpf_sock *socket;
	long error;

	if (ctx->local_port != port)
		return SK_PASS;
	socket = bpf_map_lookup_elem(&target, &zero);
	if (!socket)
		return SK_DROP;
	error = bpf_sk_assign(ctx, socket, 0);
	bpf_sk_release(socket);
	if (error)
		return SK_DROP;
	__sync_fetch_and_add(&steered, 1);
	return SK_PASS;
}

GPL;
