// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Counts execve and execveat calls by process, and sends each one to user space as it happens.
//
// At the entry of a system call its strings are still user memory: another thread may change them after they are read
// here, and a page that is not in memory cannot be read at all. Each event marks the strings that it lacks or has cut.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define FILE_SIZE 256
#define ARGUMENT_SIZE 128
#define ARGUMENTS_SIZE 1024
#define MAX_ARGUMENTS 48

enum event_flags {
	FILE_CUT = 1,          // the file's name is longer than its field
	FILE_UNREADABLE = 2,   // its page was not in memory
	ARGUMENT_CUT = 4,      // an argument is longer than ARGUMENT_SIZE
	ARGUMENTS_CUT = 8,     // the arguments together are longer than their field, or one could not be read
	MORE_ARGUMENTS = 16,   // there are more than MAX_ARGUMENTS: argument_count is not the whole number
};

struct exec_event {
	__u64 time;            // nanoseconds since boot, without sleep
	__u32 pid;             // the process (thread group)
	__u32 parent;
	__u32 user;
	enum event_flags flags;
	__u32 argument_count;
	__u32 arguments_size;  // bytes used in `arguments`
	char command[16];      // the caller's name, before it becomes another program
	char file[FILE_SIZE];
	char arguments[ARGUMENTS_SIZE];  // each ends with a zero byte
};

// The fields of the kernel's structure that are read; CO-RE finds where they are on the running kernel.
struct task_struct {
	int tgid;
	struct task_struct *real_parent;
} __attribute__((preserve_access_index));

// /sys/kernel/tracing/events/syscalls/sys_enter_execve/format
struct syscall_entry {
	__u64 common;
	long number;
	unsigned long arguments[6];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u32);
	__type(value, __u64);
} exec_counts SEC(".maps");

struct {
	// For a loader this is __uint(type, BPF_MAP_TYPE_RINGBUF): it looks at the length of the array only. The element of
	// the array is the type of the records.
	struct exec_event (*type)[BPF_MAP_TYPE_RINGBUF];
	__uint(max_entries, 1 << 20);
} exec_events SEC(".maps");

__u64 lost_events;  // the ring was full
__u64 lost_counts;  // the table of counts was full

static __always_inline void count(__u32 pid)
{
	__u64 one = 1, *calls = bpf_map_lookup_elem(&exec_counts, &pid);

	if (!calls) {
		if (bpf_map_update_elem(&exec_counts, &pid, &one, BPF_NOEXIST) == 0)
			return;
		// Another CPU was first, or the table is full.
		calls = bpf_map_lookup_elem(&exec_counts, &pid);
		if (!calls) {
			__sync_fetch_and_add(&lost_counts, 1);
			return;
		}
	}
	__sync_fetch_and_add(calls, 1);
}

static __always_inline void read_arguments(struct exec_event *event, const char *const *list)
{
	const char *argument;
	__u32 index, size;
	long length;

	for (index = 0; index < MAX_ARGUMENTS; index++) {
		argument = NULL;
		if (bpf_probe_read_user(&argument, sizeof(argument), &list[index])) {
			event->flags |= ARGUMENTS_CUT;
			break;
		}
		if (!argument)
			break;
		event->argument_count++;
		// The position is in the record, not in a register. So the verifier does not remember it from one round to the
		// next, each round is one state, and the loop costs the verifier thousands of steps instead of a million.
		size = event->arguments_size;
		if (size > ARGUMENTS_SIZE - ARGUMENT_SIZE) {
			event->flags |= ARGUMENTS_CUT;
			continue;
		}
		length = bpf_probe_read_user_str(&event->arguments[size], ARGUMENT_SIZE, argument);
		if (length < 0 || length > ARGUMENT_SIZE) {
			event->flags |= ARGUMENTS_CUT;
			continue;
		}
		if (length == ARGUMENT_SIZE)
			event->flags |= ARGUMENT_CUT;
		event->arguments_size = size + length;
	}
	if (index == MAX_ARGUMENTS)
		event->flags |= MORE_ARGUMENTS;
}

static __always_inline int record(const char *file, const char *const *arguments)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct exec_event *event;
	long length;

	count(pid);
	event = bpf_ringbuf_reserve(&exec_events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&lost_events, 1);
		return 0;
	}
	event->time = bpf_ktime_get_ns();
	event->pid = pid;
	event->parent = BPF_CORE_READ(task, real_parent, tgid);
	event->user = bpf_get_current_uid_gid();
	event->flags = 0;
	event->argument_count = 0;
	event->arguments_size = 0;
	bpf_get_current_comm(event->command, sizeof(event->command));

	length = bpf_probe_read_user_str(event->file, sizeof(event->file), file);
	if (length < 0) {
		event->file[0] = 0;
		event->flags |= FILE_UNREADABLE;
	} else if (length == sizeof(event->file)) {
		event->flags |= FILE_CUT;
	}
	read_arguments(event, arguments);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_execve")
int on_execve(struct syscall_entry *call)
{
	return record((const char *)call->arguments[0], (const char *const *)call->arguments[1]);
}

SEC("tracepoint/syscalls/sys_enter_execveat")
int on_execveat(struct syscall_entry *call)
{
	return record((const char *)call->arguments[1], (const char *const *)call->arguments[2]);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
