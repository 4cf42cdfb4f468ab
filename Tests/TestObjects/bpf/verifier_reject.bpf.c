// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Programs that the verifier refuses, each for one well-known reason. They open and link.
#include "corpus.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

SEC("?socket")
int null_not_checked(struct __sk_buff *ctx)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&counts, &key);

	*value = 1;
	return 0;
}

SEC("?xdp")
int bounds_not_checked(struct xdp_md *ctx)
{
	return *(__u8 *)(long)ctx->data;
}

SEC("?socket")
int endless(struct __sk_buff *ctx)
{
	volatile int forever = 1;

	while (forever)
		;
	return 0;
}

SEC("?socket")
int index_not_bounded(struct __sk_buff *ctx)
{
	volatile char bytes[8] = {};

	return bytes[ctx->len & 0xff];
}

GPL;
