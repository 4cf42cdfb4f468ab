// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// CO-RE on fields: offsets of direct and of chained accesses, existence, sizes, array elements, nested and anonymous
// members, and a field that no kernel has, in dead code.
#include "corpus.h"

struct task_struct___odd {
	int no_such_field;
	int prio;
} __core;

struct hlist_node___deep {
	struct hlist_node___deep *next;
} __core;

struct pid_namespace___core {
	unsigned int level;
} __core;

struct upid___core {
	int nr;
	struct pid_namespace___core *ns;
} __core;

struct pid___core {
	unsigned int level;
	struct upid___core numbers[1];
} __core;

struct task_struct___pids {
	struct pid___core *thread_pid;
} __core;

struct {
	int pid, tgid, parent, namespaced;
	char comm[16];
	char second_letter;
	__u64 pid_offset, comm_size, has_pid, has_odd, odd_or_default;
	int priority;
} out;

SEC("raw_tp/sys_enter")
int read_fields(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct task_struct___odd *odd = (void *)task;
	struct task_struct___pids *pids = (void *)task;

	out.pid = BPF_CORE_READ(task, pid);
	out.tgid = BPF_CORE_READ(task, tgid);
	out.parent = BPF_CORE_READ(task, real_parent, tgid);
	BPF_CORE_READ_STR_INTO(&out.comm, task, comm);
	bpf_core_read(&out.second_letter, 1, &task->comm[1]);
	out.namespaced = BPF_CORE_READ(pids, thread_pid, numbers[0].nr);
	out.pid_offset = __builtin_preserve_field_info(task->pid, BPF_FIELD_BYTE_OFFSET);
	out.comm_size = bpf_core_field_size(task->comm);
	out.has_pid = bpf_core_field_exists(task->pid);
	out.has_odd = bpf_core_field_exists(odd->no_such_field);
	out.odd_or_default = 12;
	if (bpf_core_field_exists(odd->no_such_field))
		out.odd_or_default = BPF_CORE_READ(odd, no_such_field);
	out.priority = BPF_CORE_READ(odd, prio);
	return 0;
}

GPL;
