// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// An LSM program that refuses one thread to open files of one inode number, and counts. Only that thread: others share the
// machine, and file systems have files of the same number.
#include "corpus.h"
#include <bpf/bpf_tracing.h>

#define EPERM 1

const volatile __u32 only_thread;
const volatile __u32 only_inode;
__u64 seen, denied;

SEC("lsm/file_open")
int BPF_PROG(on_open, struct file *file)
{
	if (!only_thread || (__u32)bpf_get_current_pid_tgid() != only_thread)
		return 0;
	__sync_fetch_and_add(&seen, 1);
	if (only_inode && file->f_inode->i_ino == only_inode) {
		__sync_fetch_and_add(&denied, 1);
		return -EPERM;
	}
	return 0;
}

GPL;
