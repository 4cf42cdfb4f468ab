// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// 50 programs with four CO-RE records each: 200.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define __core __attribute__((preserve_access_index))

struct qstr { const unsigned char *name; } __core;
struct dentry { struct qstr d_name; struct dentry *d_parent; } __core;
struct path { struct dentry *dentry; } __core;
struct file { struct path f_path; unsigned int f_flags; } __core;
struct mm_struct { struct file *exe_file; unsigned long total_vm, start_code; } __core;
struct signal_struct { int nr_threads; int group_exit_code; } __core;
struct files_struct { unsigned int next_fd; } __core;
struct fs_struct { int users; int umask; } __core;
struct task_struct {
	int pid, tgid, prio, exit_code, exit_signal;
	unsigned int flags;
	struct mm_struct *mm;
	struct signal_struct *signal;
	struct files_struct *files;
	struct fs_struct *fs;
	struct task_struct *real_parent, *group_leader;
	unsigned long long start_time, utime, stime;
} __core;

__u64 seen[50];

#define PROGRAM(number, expression) \
	SEC("raw_tp/sys_enter") int program_##number(void *context) \
	{ \
		struct task_struct *task = (void *)bpf_get_current_task(); \
		seen[number - 100] = (expression); \
		return 0; \
	}

#define READ(...) (__u64) BPF_CORE_READ(task, __VA_ARGS__)
#define TEN(tens, expression) \
	PROGRAM(tens##0, expression) PROGRAM(tens##1, expression) PROGRAM(tens##2, expression) \
	PROGRAM(tens##3, expression) PROGRAM(tens##4, expression) PROGRAM(tens##5, expression) \
	PROGRAM(tens##6, expression) PROGRAM(tens##7, expression) PROGRAM(tens##8, expression) \
	PROGRAM(tens##9, expression)

TEN(10, READ(pid) + READ(tgid) + READ(mm, total_vm))
TEN(11, READ(signal, nr_threads) + READ(files, next_fd))
TEN(12, READ(real_parent, tgid) + READ(start_time) + READ(flags))
TEN(13, READ(fs, umask) + READ(group_leader, pid))
TEN(14, READ(prio) + READ(mm, exe_file, f_flags))
