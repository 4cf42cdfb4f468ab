// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// A BTF tracepoint on execution, with direct reads through the kernel's own pointers, into a ring buffer.
#include "corpus.h"

struct event {
	int pid, parent;
	int argument_count;
	char file[64];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} events SEC(".maps");

SEC("tp_btf/sched_process_exec")
int on_exec(unsigned long long *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct linux_binprm *binary = (void *)ctx[2];
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	event->pid = task->tgid;
	event->parent = task->real_parent->tgid;
	event->argument_count = binary->argc;
	bpf_probe_read_kernel_str(event->file, sizeof(event->file), binary->filename);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

GPL;
