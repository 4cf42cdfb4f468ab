// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// A flow dissector: says that each packet is IPv4 of one protocol, and counts.
#include "corpus.h"
#include <linux/if_ether.h>

__u64 dissected;

SEC("flow_dissector")
int dissect(struct __sk_buff *ctx)
{
	struct bpf_flow_keys *keys = ctx->flow_keys;

	__sync_fetch_and_add(&dissected, 1);
	keys->n_proto = bpf_htons(ETH_P_IP);
	keys->ip_proto = 17;
	return BPF_OK;
}

GPL;
