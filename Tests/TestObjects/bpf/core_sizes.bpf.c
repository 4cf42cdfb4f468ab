// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// CO-RE where the field has another size in the kernel: the load itself must become narrower or wider. Loads of plain
// memory through trusted pointers, so each is one instruction with one record.
#include "corpus.h"

/* In the kernel `flags`, `policy` and `personality` are 4 bytes, `start_time` 8: here each has another size. */
struct task_struct___other_sizes {
	__u64 flags;
	__u8 policy;
	__u16 personality;
	__u32 start_time;
} __core;

/* In the kernel `prio` is a signed int: widening one needs an instruction that this load is not. */
struct task_struct___signed {
	__s64 prio;
} __core;

struct {
	__u64 flags, policy, personality, start_time;
	__s64 priority;
} out;

SEC("tp_btf/sys_enter")
int resize(unsigned long long *ctx)
{
	struct task_struct___other_sizes *task = (void *)bpf_get_current_task_btf();

	out.flags = task->flags;
	out.policy = task->policy;
	out.personality = task->personality;
	out.start_time = task->start_time;
	return 0;
}

/* Refused, and says why. */
SEC("?tp_btf/sys_enter")
int resize_signed(unsigned long long *ctx)
{
	struct task_struct___signed *task = (void *)bpf_get_current_task_btf();

	out.priority = task->prio;
	return 0;
}

GPL;
