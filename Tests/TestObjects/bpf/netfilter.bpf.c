// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// A netfilter hook (6.4): counts packets, drops them while told to.
#include "corpus.h"

#define NF_DROP 0
#define NF_ACCEPT 1

struct bpf_nf_ctx {
	const void *state;
	struct sk_buff *skb;
} __core;

__u64 packets;
/* Not bool: the verifier must see that what is returned is 0 or 1. */
__u32 drop;

SEC("netfilter")
int on_packet(struct bpf_nf_ctx *ctx)
{
	int verdict = drop ? NF_DROP : NF_ACCEPT;

	/* When it is counted, it is decided. */
	__sync_fetch_and_add(&packets, 1);
	return verdict;
}

GPL;
