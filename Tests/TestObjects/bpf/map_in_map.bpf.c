// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Maps of maps: with a named and an anonymous inner definition, filled when the object is loaded or left empty.
#include "corpus.h"

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} inner_one SEC(".maps"), inner_two SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct inner);
} outer_array SEC(".maps") = {
	.values = { [0] = &inner_one, [2] = &inner_two },
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_HASH);
		__uint(max_entries, 8);
		__type(key, __u64);
		__type(value, __u32);
	});
} outer_hash SEC(".maps");

struct ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring_one SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__array(values, struct ring);
} outer_rings SEC(".maps") = {
	.values = { &ring_one },
};

SEC("socket")
int look(struct __sk_buff *ctx)
{
	__u32 zero = 0;
	void *inner = bpf_map_lookup_elem(&outer_array, &zero);
	__u64 *value;

	if (!inner)
		return 0;
	value = bpf_map_lookup_elem(inner, &zero);
	if (value)
		__sync_fetch_and_add(value, 1);
	bpf_map_lookup_elem(&outer_hash, &zero);
	return 0;
}

GPL;
