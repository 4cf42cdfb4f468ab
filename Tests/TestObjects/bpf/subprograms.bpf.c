// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Functions that a program calls: static and global, nested, shared by two programs, weak, in .text and in the
// program's own section. Each refers to maps or data of its own.
#include "corpus.h"

__u64 calls;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} results SEC(".maps");

static __noinline int leaf(int value)
{
	__sync_fetch_and_add(&calls, 1);
	return value * 3;
}

static __noinline int store(__u32 slot, __u64 value)
{
	return bpf_map_update_elem(&results, &slot, &value, BPF_ANY);
}

__noinline int global_leaf(int value)
{
	return leaf(value) + 1;
}

__noinline int global_nested(struct __sk_buff *ctx, int value)
{
	return global_leaf(value) + leaf(ctx->len);
}

__weak __noinline int weak_leaf(int value)
{
	return value - 1;
}

__hidden __noinline int hidden_leaf(int value)
{
	return value ^ 5;
}

SEC("tc") __noinline int in_section(struct __sk_buff *ctx)
{
	return leaf(ctx->mark);
}

SEC("tc")
int uses_static(struct __sk_buff *ctx)
{
	return store(0, leaf(1));
}

SEC("tc")
int uses_global(struct __sk_buff *ctx)
{
	return global_nested(ctx, 7) + store(1, 2);
}

SEC("tc")
int uses_weak_and_hidden(struct __sk_buff *ctx)
{
	return weak_leaf(ctx->len) + hidden_leaf(ctx->len);
}

SEC("socket")
int uses_none(struct __sk_buff *ctx)
{
	return 0;
}

GPL;
