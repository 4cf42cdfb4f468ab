// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// tcx (6.6): several programs on one device in an order; each notes its turn.
#include "corpus.h"

__u64 turn, first_turn, second_turn;

SEC("tcx/ingress")
int first(struct __sk_buff *ctx)
{
	first_turn = __sync_add_and_fetch(&turn, 0) + 1;
	turn++;
	return TCX_NEXT;
}

SEC("tcx/ingress")
int second(struct __sk_buff *ctx)
{
	second_turn = turn + 1;
	turn++;
	return TCX_NEXT;
}

SEC("tcx/egress")
int outward(struct __sk_buff *ctx)
{
	return TCX_PASS;
}

GPL;
