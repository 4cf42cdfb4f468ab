// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Traffic control: count, mark, drop by mark. One set of programs for tcx links and for clsact filters.
#include "corpus.h"
#include <linux/pkt_cls.h>

__u64 ingress_packets, egress_packets, dropped;
const volatile __u32 drop_mark = 0xdead;

SEC("tc")
int ingress(struct __sk_buff *ctx)
{
	__sync_fetch_and_add(&ingress_packets, 1);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int egress(struct __sk_buff *ctx)
{
	__sync_fetch_and_add(&egress_packets, 1);
	if (ctx->mark == drop_mark) {
		__sync_fetch_and_add(&dropped, 1);
		return TC_ACT_SHOT;
	}
	return TC_ACT_UNSPEC;
}

SEC("tc")
int drop_all(struct __sk_buff *ctx)
{
	__sync_fetch_and_add(&dropped, 1);
	return TC_ACT_SHOT;
}

/* For test runs: returns the packet's length and changes its first byte. */
SEC("tc")
int rewrite(struct __sk_buff *ctx)
{
	__u8 byte = 0xaa;

	bpf_skb_store_bytes(ctx, 0, &byte, 1, 0);
	ctx->mark += 1;
	return ctx->len;
}

GPL;
