// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Changes the result of a security hook's function for one thread.
#include "corpus.h"
#include <bpf/bpf_tracing.h>

const volatile __u32 only_thread;
__u64 changed;

SEC("fmod_ret/security_inode_getattr")
int BPF_PROG(on_getattr, const struct path *path, int result)
{
	if (!only_thread || (__u32)bpf_get_current_pid_tgid() != only_thread)
		return result;
	__sync_fetch_and_add(&changed, 1);
	return -1;
}

GPL;
