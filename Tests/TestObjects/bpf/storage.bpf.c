// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Storage that belongs to a task (5.11), to a socket and to a cgroup (6.2).
#include "corpus.h"

#define STORAGE(name, kind)                              \
	struct {                                         \
		__uint(type, kind);                      \
		__uint(map_flags, BPF_F_NO_PREALLOC);    \
		__type(key, int);                        \
		__type(value, __u64);                    \
	} name SEC(".maps")

STORAGE(per_task, BPF_MAP_TYPE_TASK_STORAGE);
STORAGE(per_socket, BPF_MAP_TYPE_SK_STORAGE);

SEC("tp_btf/sys_enter")
int count_calls(unsigned long long *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	__u64 *count = bpf_task_storage_get(&per_task, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

SEC("cgroup_skb/egress")
int count_bytes(struct __sk_buff *ctx)
{
	struct bpf_sock *socket = ctx->sk;
	__u64 *bytes;

	if (!socket)
		return 1;
	socket = bpf_sk_fullsock(socket);
	if (!socket)
		return 1;
	bytes = bpf_sk_storage_get(&per_socket, socket, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (bytes)
		__sync_fetch_and_add(bytes, ctx->len);
	return 1;
}

GPL;
