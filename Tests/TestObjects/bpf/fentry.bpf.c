// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Entry and exit of kernel functions with their arguments and result. The function is one that a test calls on purpose,
// present under this name from 5.10 to the newest kernel.
#include "corpus.h"
#include <bpf/bpf_tracing.h>

const volatile __u32 only_process;
__u64 entries, exits;
__s64 last_result = -1;

static __always_inline bool wanted(void)
{
	return only_process && bpf_get_current_pid_tgid() >> 32 == only_process;
}

SEC("fentry/vfs_getattr")
int BPF_PROG(on_entry, const struct path *path)
{
	if (wanted())
		__sync_fetch_and_add(&entries, 1);
	return 0;
}

/* The number of arguments differs between kernels: the result is read by helper on those that have it. */
SEC("fexit/security_inode_getattr")
int BPF_PROG(on_exit, const struct path *path, int result)
{
	if (wanted()) {
		__sync_fetch_and_add(&exits, 1);
		last_result = result;
	}
	return 0;
}

GPL;
