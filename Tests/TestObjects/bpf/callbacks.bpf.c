// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Functions whose address is taken: for_each_map_elem (5.13), bpf_loop (5.17).
#include "corpus.h"

struct bpf_map;

__u64 sum;
__u64 steps;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} numbers SEC(".maps");

static int add(struct bpf_map *map, __u32 *key, __u64 *value, void *context)
{
	sum += *value;
	return 0;
}

static __noinline void note(__u32 index)
{
	steps += index;
}

static int step(__u32 index, void *context)
{
	__u64 *limit = context;

	note(index);
	return index + 1 >= *limit;
}

SEC("socket")
int walk(struct __sk_buff *ctx)
{
	bpf_for_each_map_elem(&numbers, add, NULL, 0);
	return sum;
}

SEC("socket")
int loop(struct __sk_buff *ctx)
{
	__u64 limit = 5;

	return bpf_loop(100, step, &limit, 0);
}

GPL;
