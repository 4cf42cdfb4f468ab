// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// The cgroup hooks of addresses: each counts its calls and allows.
#include "corpus.h"

#define PROGRAM(name, section, context)              \
	__u64 name;                                  \
	SEC(section)                                 \
	int on_##name(struct context *ctx)           \
	{                                            \
		__sync_fetch_and_add(&name, 1);      \
		return 1;                            \
	}

PROGRAM(post_bind4, "cgroup/post_bind4", bpf_sock)
PROGRAM(post_bind6, "cgroup/post_bind6", bpf_sock)
PROGRAM(release, "cgroup/sock_release", bpf_sock)
PROGRAM(bind6, "cgroup/bind6", bpf_sock_addr)
PROGRAM(connect6, "cgroup/connect6", bpf_sock_addr)
PROGRAM(sendmsg4, "cgroup/sendmsg4", bpf_sock_addr)
PROGRAM(sendmsg6, "cgroup/sendmsg6", bpf_sock_addr)
PROGRAM(recvmsg4, "cgroup/recvmsg4", bpf_sock_addr)
PROGRAM(recvmsg6, "cgroup/recvmsg6", bpf_sock_addr)
PROGRAM(getpeername4, "cgroup/getpeername4", bpf_sock_addr)
PROGRAM(getpeername6, "cgroup/getpeername6", bpf_sock_addr)
PROGRAM(getsockname4, "cgroup/getsockname4", bpf_sock_addr)
PROGRAM(getsockname6, "cgroup/getsockname6", bpf_sock_addr)

GPL;
