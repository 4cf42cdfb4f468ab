// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// How long system calls take, as a histogram of powers of two of nanoseconds.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define BUCKETS 64

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u32);
	__type(value, __u64);
} entered SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, BUCKETS);
	__type(key, __u32);
	__type(value, __u64);
} histogram SEC(".maps");

static __always_inline __u32 log2_of(__u64 value)
{
	__u32 result = 0;

	if (value >> 32) { value >>= 32; result += 32; }
	if (value >> 16) { value >>= 16; result += 16; }
	if (value >> 8) { value >>= 8; result += 8; }
	if (value >> 4) { value >>= 4; result += 4; }
	if (value >> 2) { value >>= 2; result += 2; }
	return result + (value >> 1);
}

SEC("raw_tp/sys_enter")
int enter(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 thread = bpf_get_current_pid_tgid();
	__u64 now = bpf_ktime_get_ns();

	bpf_map_update_elem(&entered, &thread, &now, BPF_ANY);
	return 0;
}

SEC("raw_tp/sys_exit")
int leave(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 thread = bpf_get_current_pid_tgid(), bucket;
	__u64 *start, *count;

	start = bpf_map_lookup_elem(&entered, &thread);
	if (!start)
		return 0;
	bucket = log2_of(bpf_ktime_get_ns() - *start);
	count = bpf_map_lookup_elem(&histogram, &bucket);
	if (count)
		(*count)++;
	bpf_map_delete_elem(&entered, &thread);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
