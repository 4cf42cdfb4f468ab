// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Records from user space to a program (6.1), drained through a callback and a dynptr.
#include "corpus.h"

struct bpf_dynptr;

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 4096);
} commands SEC(".maps");

__u64 sum, drained;

static long on_command(struct bpf_dynptr *command, void *context)
{
	__u64 value = 0;

	if (bpf_dynptr_read(&value, sizeof(value), command, 0, 0))
		return 1;
	sum += value;
	return 0;
}

SEC("syscall")
int drain(void *ctx)
{
	long count = bpf_user_ringbuf_drain(&commands, on_command, NULL, 0);

	if (count > 0)
		drained += count;
	return count;
}

GPL;
