// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// The two ends of a netkit device (6.7).
#include "corpus.h"

__u64 from_primary, from_peer;

SEC("netkit/primary")
int primary(struct __sk_buff *ctx)
{
	__sync_fetch_and_add(&from_primary, 1);
	return TCX_PASS;
}

SEC("netkit/peer")
int peer(struct __sk_buff *ctx)
{
	__sync_fetch_and_add(&from_peer, 1);
	return TCX_PASS;
}

GPL;
