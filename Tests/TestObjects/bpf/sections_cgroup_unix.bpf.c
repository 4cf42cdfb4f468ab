// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// The cgroup hooks of Unix sockets (6.7).
#include "corpus.h"

#define PROGRAM(function, section)              \
	SEC(section)                            \
	int function(struct bpf_sock_addr *ctx) \
	{                                       \
		return 1;                       \
	}

PROGRAM(on_connect_unix, "cgroup/connect_unix")
PROGRAM(on_sendmsg_unix, "cgroup/sendmsg_unix")
PROGRAM(on_recvmsg_unix, "cgroup/recvmsg_unix")
PROGRAM(on_getpeername_unix, "cgroup/getpeername_unix")
PROGRAM(on_getsockname_unix, "cgroup/getsockname_unix")

GPL;
