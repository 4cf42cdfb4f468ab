// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Sockets of a map: messages of one go straight into another.
#include "corpus.h"

struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} streams SEC(".maps");

__u64 messages, segments;
__u32 destination;

SEC("sk_msg")
int redirect_message(struct sk_msg_md *ctx)
{
	__u32 key = destination;

	__sync_fetch_and_add(&messages, 1);
	return bpf_msg_redirect_hash(ctx, &sockets, &key, BPF_F_INGRESS);
}

SEC("sk_skb/stream_parser")
int parse(struct __sk_buff *ctx)
{
	return ctx->len;
}

SEC("sk_skb/stream_verdict")
int verdict(struct __sk_buff *ctx)
{
	__sync_fetch_and_add(&segments, 1);
	return SK_PASS;
}

GPL;
