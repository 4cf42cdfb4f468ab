// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Changes the result of a security hook's function for one process.
#include "corpus.h"
#include <bpf/bpf_tracing.h>

const volatile __u32 only_process;
__u64 changed;

SEC("fmod_ret/security_inode_getattr")
int BPF_PROG(on_getattr, const struct path *path, int result)
{
	if (!only_process || bpf_get_current_pid_tgid() >> 32 != only_process)
		return result;
	__sync_fetch_and_add(&changed, 1);
	return -1;
}

GPL;
