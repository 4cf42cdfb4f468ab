// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Maps of kernels after 5.10: bloom filter (5.16), user ring buffer (6.1), cgroup storage of the new kind (6.2).
#include "corpus.h"

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 1000);
	__uint(map_extra, 3);
	__type(value, __u64);
} bloom_filter SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 4096);
} user_ring_buffer SEC(".maps");

struct {
	__uint(type, MAP_TYPE_CGRP_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} cgrp_storage SEC(".maps");

SEC("raw_tp/sys_enter")
int seen_before(void *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();

	if (bpf_map_peek_elem(&bloom_filter, &id))
		bpf_map_push_elem(&bloom_filter, &id, BPF_ANY);
	return 0;
}

GPL;
