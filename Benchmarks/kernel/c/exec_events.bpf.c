// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// A record for each program that is executed.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define CORE __attribute__((preserve_access_index))

typedef int pid_t;

struct task_struct {
	pid_t pid, tgid;
	struct task_struct *real_parent;
} CORE;

struct linux_binprm {
	const char *filename;
	int argc;
} CORE;

struct event {
	__u64 time;
	__u32 process;
	__u32 parent;
	__u32 user;
	__u32 arguments;
	char command[16];
	char path[128];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} events SEC(".maps");

__u64 lost;
// Puts the type of a record among the object's.
const struct event *unused __attribute__((unused));

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, pid_t old, struct linux_binprm *binary)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	const char *path;
	long size;

	if (!event) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	event->time = bpf_ktime_get_ns();
	event->process = task->tgid;
	event->parent = task->real_parent->tgid;
	event->user = bpf_get_current_uid_gid();
	event->arguments = binary->argc;
	bpf_get_current_comm(event->command, sizeof(event->command));
	path = binary->filename;
	size = bpf_probe_read_kernel_str(event->path, sizeof(event->path), path);
	// The last byte is not zero only if the path was cut.
	event->path[sizeof(event->path) - 1] = 0;
	if (size == sizeof(event->path))
		bpf_probe_read_kernel(&event->path[size - 1], 1, path + size - 1);
	else if (size <= 0)
		event->path[0] = 0;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
