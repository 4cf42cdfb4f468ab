// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// One map of each kind that Linux 5.10 can create, and a program that refers to the commonest.
#include "corpus.h"

#define MAP(name, kind, key_type, value_type, entries) \
	struct {                                       \
		__uint(type, BPF_MAP_TYPE_##kind);     \
		__uint(max_entries, entries);          \
		__type(key, key_type);                 \
		__type(value, value_type);             \
	} name SEC(".maps")

MAP(hash, HASH, __u32, __u64, 100);
MAP(array, ARRAY, __u32, __u64, 10);
MAP(percpu_hash, PERCPU_HASH, __u32, __u64, 100);
MAP(percpu_array, PERCPU_ARRAY, __u32, __u64, 10);
MAP(lru_hash, LRU_HASH, __u32, __u64, 100);
MAP(lru_percpu_hash, LRU_PERCPU_HASH, __u32, __u64, 100);
MAP(sockmap, SOCKMAP, __u32, __u32, 10);
MAP(sockhash, SOCKHASH, __u32, __u64, 10);
MAP(devmap, DEVMAP, __u32, struct bpf_devmap_val, 10);
MAP(devmap_hash, DEVMAP_HASH, __u32, struct bpf_devmap_val, 10);
MAP(cpumap, CPUMAP, __u32, struct bpf_cpumap_val, 4);
MAP(xskmap, XSKMAP, __u32, __u32, 4);
MAP(reuseport_sockarray, REUSEPORT_SOCKARRAY, __u32, __u64, 4);
MAP(cgroup_array, CGROUP_ARRAY, __u32, __u32, 4);
MAP(prog_array, PROG_ARRAY, __u32, __u32, 4);

struct lpm_key {
	__u32 prefix_length;
	__u8 address[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 100);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct lpm_key);
	__type(value, __u32);
} lpm_trie SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 10);
	__type(value, __u32);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 10);
	__type(value, __u32);
} stack SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 64);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 127 * sizeof(__u64));
} stack_trace SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(int));
	__uint(value_size, sizeof(int));
} perf_event_array SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring_buffer SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, struct bpf_cgroup_storage_key);
	__type(value, __u64);
} cgroup_storage SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE);
	__type(key, struct bpf_cgroup_storage_key);
	__type(value, __u64);
} percpu_cgroup_storage SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} sk_storage SEC(".maps");

SEC("socket")
int touch(struct __sk_buff *ctx)
{
	__u32 key = 1;
	__u64 *value, one = 1;

	bpf_map_update_elem(&hash, &key, &one, BPF_ANY);
	value = bpf_map_lookup_elem(&array, &key);
	if (value)
		__sync_fetch_and_add(value, 1);
	value = bpf_map_lookup_elem(&percpu_array, &key);
	if (value)
		*value += 1;
	bpf_map_push_elem(&queue, &key, BPF_EXIST);
	bpf_map_push_elem(&stack, &key, BPF_EXIST);
	bpf_map_delete_elem(&lru_hash, &key);
	return 0;
}

GPL;
