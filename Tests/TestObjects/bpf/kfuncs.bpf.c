// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Kernel functions that a program calls by BTF id (6.2 and later), and one that no kernel has, called if present.
#include "corpus.h"

extern struct task_struct *bpf_task_from_pid(__s32 pid) __ksym;
extern void bpf_task_release(struct task_struct *task) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern int bpf_no_such_kfunc(int value) __ksym __weak;

int found_pid = -1;
bool is_absent;

SEC("tp_btf/sys_enter")
int look_up(unsigned long long *ctx)
{
	struct task_struct *task = bpf_task_from_pid(1);

	if (task) {
		found_pid = task->pid;
		bpf_task_release(task);
	}
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	if (bpf_no_such_kfunc)
		bpf_no_such_kfunc(1);
	else
		is_absent = true;
	return 0;
}

GPL;
