// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// How long TCP connections take to be established, as a histogram of powers of two of microseconds.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT 2
#define TCP_CLOSE 7
#define BUCKETS 32

struct sock;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u64);
	__type(value, __u64);
} started SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
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

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_changed, struct sock *sk, int old_state, int new_state)
{
	__u64 key = (__u64)sk, now, *start, *count;
	__u32 bucket;

	switch (new_state) {
	case TCP_SYN_SENT:
		now = bpf_ktime_get_ns();
		bpf_map_update_elem(&started, &key, &now, BPF_ANY);
		return 0;
	case TCP_ESTABLISHED:
		if (old_state != TCP_SYN_SENT)
			return 0;
		start = bpf_map_lookup_elem(&started, &key);
		if (!start)
			return 0;
		bucket = log2_of((bpf_ktime_get_ns() - *start) / 1000);
		if (bucket >= BUCKETS)
			bucket = BUCKETS - 1;
		count = bpf_map_lookup_elem(&histogram, &bucket);
		if (count)
			__sync_fetch_and_add(count, 1);
		bpf_map_delete_elem(&started, &key);
		return 0;
	case TCP_CLOSE:
		bpf_map_delete_elem(&started, &key);
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
