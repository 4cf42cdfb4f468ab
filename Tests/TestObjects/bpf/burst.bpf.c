// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// More records at once than a reader takes in one step: three bursts of 5000, numbered from 1.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct numbered {
	__u64 number;
};

struct {
	struct numbered (*type)[BPF_MAP_TYPE_RINGBUF];
	__uint(max_entries, 1 << 20);
} records SEC(".maps");

const volatile __u32 only_thread;
__u64 bursts;
__u64 number;
__u64 lost;

SEC("tracepoint/syscalls/sys_enter_getpgid")
int on_getpgid(void *ctx)
{
	struct numbered record;

	if (!only_thread || (__u32)bpf_get_current_pid_tgid() != only_thread || bursts >= 3)
		return 0;
	bursts++;
	for (int i = 0; i < 5000; i++) {
		record.number = ++number;
		if (bpf_ringbuf_output(&records, &record, sizeof(record), 0))
			lost++;
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
