// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// A program with a global function that another object replaces (freplace.bpf.c).
#include "corpus.h"

__noinline int replaceable(struct xdp_md *ctx)
{
	volatile int result = XDP_PASS;

	return ctx ? result : XDP_ABORTED;
}

SEC("xdp")
int dispatcher(struct xdp_md *ctx)
{
	return replaceable(ctx);
}

GPL;
