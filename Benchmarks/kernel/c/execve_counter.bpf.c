// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// How often each user calls execve.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} calls SEC(".maps");

__u64 lost;

SEC("tracepoint/syscalls/sys_enter_execve")
int count_execve(void *ctx)
{
	__u32 user = bpf_get_current_uid_gid();
	__u64 *count, one = 1;

	count = bpf_map_lookup_elem(&calls, &user);
	if (!count) {
		if (!bpf_map_update_elem(&calls, &user, &one, BPF_NOEXIST))
			return 0;
		// Another CPU was first, or the map is full.
		count = bpf_map_lookup_elem(&calls, &user);
		if (!count) {
			__sync_fetch_and_add(&lost, 1);
			return 0;
		}
	}
	__sync_fetch_and_add(count, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
