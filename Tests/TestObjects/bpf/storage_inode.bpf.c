// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Storage that belongs to an inode: for LSM programs only.
#include "corpus.h"

struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} per_inode SEC(".maps");

SEC("lsm/file_open")
int count_opens(unsigned long long *ctx)
{
	struct file *file = (void *)ctx[0];
	__u64 *count = bpf_inode_storage_get(&per_inode, file->f_inode, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

GPL;
