// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Dynamic pointers: a ring buffer record whose size is known only when it runs (5.19), and memory of a map.
#include "corpus.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

__u32 size = 16;
__u64 failures;

SEC("tp/syscalls/sys_enter_getpgid")
int reserve(void *ctx)
{
	struct bpf_dynptr record;
	__u64 value = 42;

	if (bpf_ringbuf_reserve_dynptr(&ring, size, 0, &record)) {
		failures++;
		bpf_ringbuf_discard_dynptr(&record, 0);
		return 0;
	}
	bpf_dynptr_write(&record, 0, &value, sizeof(value), 0);
	bpf_ringbuf_submit_dynptr(&record, 0);
	return 0;
}

GPL;
