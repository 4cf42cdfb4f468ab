// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// CO-RE where the field has another size in the kernel: the load itself must become narrower or wider. Loads of plain
// memory through trusted pointers, so each is one instruction with one record.
#include "corpus.h"

/* In the kernel `pid` is 4 bytes, `flags` 4 bytes, `start_time` 8, `comm` 16: here each has another size. */
struct task_struct___narrow {
	__u8 pid;
	unsigned short tgid;
	__u32 start_time;
	__u64 flags;
} __core;

struct {
	__u64 pid, tgid, start_time, flags;
} out;

SEC("tp_btf/sys_enter")
int resize(unsigned long long *ctx)
{
	struct task_struct___narrow *task = (void *)bpf_get_current_task_btf();

	out.pid = task->pid;
	out.tgid = task->tgid;
	out.start_time = task->start_time;
	out.flags = task->flags;
	return 0;
}

GPL;
