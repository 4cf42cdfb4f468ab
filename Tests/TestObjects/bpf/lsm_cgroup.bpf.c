// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// An LSM hook of one cgroup (6.0): sockets there may not be bound.
#include "corpus.h"
#include <bpf/bpf_tracing.h>

struct socket;
struct sockaddr;

__u64 refused;

SEC("lsm_cgroup/socket_bind")
int BPF_PROG(on_bind, struct socket *socket, struct sockaddr *address, int length)
{
	__sync_fetch_and_add(&refused, 1);
	return 0;
}

GPL;
