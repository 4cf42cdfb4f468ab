// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Maps as they were written before BTF: fixed records in a section "maps". libbpf 1.0 refuses them.
#include "corpus.h"

struct bpf_map_def {
	unsigned int type;
	unsigned int key_size;
	unsigned int value_size;
	unsigned int max_entries;
	unsigned int map_flags;
};

struct bpf_map_def SEC("maps") legacy_hash = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = 32,
};

struct bpf_map_def SEC("maps") legacy_array = {
	.type = BPF_MAP_TYPE_ARRAY,
	.key_size = sizeof(__u32),
	.value_size = 16,
	.max_entries = 4,
	.map_flags = F_MMAPABLE,
};

SEC("socket")
int touch(struct __sk_buff *ctx)
{
	__u32 key = 0;
	__u64 one = 1;

	bpf_map_update_elem(&legacy_hash, &key, &one, BPF_ANY);
	bpf_map_lookup_elem(&legacy_array, &key);
	return 0;
}

GPL;
