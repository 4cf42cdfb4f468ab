// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Section names of the network that came with tcx (6.6), netkit (6.7) and netfilter links (6.4), and a rare device.
#include "corpus.h"

#define PROGRAM(function, section, result)    \
	SEC(section)                          \
	int function(struct __sk_buff *ctx)   \
	{                                     \
		return result;                \
	}

struct bpf_nf_ctx {
	const void *state;
	struct sk_buff *skb;
} __core;

PROGRAM(on_tcx_ingress, "tcx/ingress", TCX_NEXT)
PROGRAM(on_tcx_egress, "tcx/egress", TCX_NEXT)
PROGRAM(on_tc_ingress, "tc/ingress", TCX_NEXT)
PROGRAM(on_tc_egress, "tc/egress", TCX_NEXT)
PROGRAM(on_netkit_primary, "netkit/primary", TCX_NEXT)
PROGRAM(on_netkit_peer, "netkit/peer", TCX_NEXT)

SEC("netfilter")
int on_netfilter(struct bpf_nf_ctx *ctx)
{
	return 1;
}

SEC("?lirc_mode2")
int on_lirc(unsigned int *sample)
{
	return 0;
}

GPL;
