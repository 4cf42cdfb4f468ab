// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// The smallest useful program: a classic tracepoint that counts in a hash map.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_getpgid")
int on_getpgid(void *ctx)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	__u64 one = 1, *count;

	bpf_map_update_elem(&counts, &pid, &(__u64){0}, BPF_NOEXIST);
	count = bpf_map_lookup_elem(&counts, &pid);
	if (count)
		__sync_fetch_and_add(count, one);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
