// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Takes the place of a function in freplace_target.bpf.c.
#include "corpus.h"

__u64 replaced;

SEC("freplace/replaceable")
int replacement(struct xdp_md *ctx)
{
	__sync_fetch_and_add(&replaced, 1);
	return XDP_DROP;
}

GPL;
