// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// The cgroup hooks of Unix sockets' addresses (6.7): connections are refused on request.
#include "corpus.h"

__u32 allow = 1;
__u64 connects, names;

SEC("cgroup/connect_unix")
int on_connect(struct bpf_sock_addr *ctx)
{
	__sync_fetch_and_add(&connects, 1);
	return allow != 0;
}

SEC("cgroup/getsockname_unix")
int on_name(struct bpf_sock_addr *ctx)
{
	__sync_fetch_and_add(&names, 1);
	return 1;
}

GPL;
