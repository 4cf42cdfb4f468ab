// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// A section name that no table knows: the object opens, and the program has no type until it is given one.
#include "corpus.h"

SEC("my_own_section")
int of_no_type(void *ctx)
{
	return 0;
}

SEC("xdp_of_mine")
int nearly_xdp(struct xdp_md *ctx)
{
	return XDP_PASS;
}

/* Tutorials write this; libbpf since 1.0 does not know it. */
SEC("classifier/ingress")
int nearly_classifier(struct __sk_buff *ctx)
{
	return 0;
}

GPL;
