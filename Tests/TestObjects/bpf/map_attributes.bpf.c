// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Every attribute of a BTF-defined map, sizes by number and by type, and values of many shapes.
#include "corpus.h"

enum verdict { VERDICT_ALLOW, VERDICT_DENY = 7 };

struct flow_key {
	__be32 source, destination;
	__be16 source_port, destination_port;
	__u8 protocol;
	__u8 padding[3];
};

union address {
	__u32 word;
	__u8 bytes[4];
};

struct nested_value {
	__u64 packets;
	union address address;
	enum verdict verdict;
	struct {
		__u32 low : 4, middle : 20, high : 8;
		__s32 negative : 5;
	} bits;
	char name[16];
	bool active;
	__u16 table[2][3];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct flow_key);
	__type(value, struct nested_value);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__uint(map_flags, F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct nested_value);
} mapped SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__uint(key_size, 12);
	__uint(value_size, 20);
} untyped SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, __u32);
} merops_corpus_pinned SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__uint(map_flags, BPF_F_NUMA_NODE);
	__uint(numa_node, 0);
	__type(key, __u32);
	__type(value, __u32);
} on_node_zero SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__type(key, __u32);
	__type(value, __u32);
} read_only_for_programs SEC(".maps");

/* No max_entries: the user must set it, or the kernel's refusal must be told well. */
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, int);
	__type(value, int);
} sized_by_cpus SEC(".maps");

SEC("socket")
int touch(struct __sk_buff *ctx)
{
	struct flow_key key = { .protocol = 6 };
	struct nested_value *value = bpf_map_lookup_elem(&flows, &key);

	if (value) {
		value->packets++;
		value->verdict = VERDICT_DENY;
	}
	bpf_map_lookup_elem(&untyped, &key);
	bpf_map_lookup_elem(&merops_corpus_pinned, &key);
	bpf_map_lookup_elem(&on_node_zero, &key);
	return 0;
}

GPL;
