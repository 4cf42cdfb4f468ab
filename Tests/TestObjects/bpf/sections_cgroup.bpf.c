// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// One program for each section name of a cgroup. All allow.
#include "corpus.h"

#define PROGRAM(function, section, context) \
	SEC(section)                        \
	int function(struct context *ctx)   \
	{                                   \
		return 1;                   \
	}

PROGRAM(on_ingress, "cgroup_skb/ingress", __sk_buff)
PROGRAM(on_egress, "cgroup_skb/egress", __sk_buff)
PROGRAM(on_skb, "cgroup/skb", __sk_buff)
PROGRAM(on_sock_create, "cgroup/sock_create", bpf_sock)
PROGRAM(on_sock_release, "cgroup/sock_release", bpf_sock)
PROGRAM(on_sock, "cgroup/sock", bpf_sock)
PROGRAM(on_post_bind4, "cgroup/post_bind4", bpf_sock)
PROGRAM(on_post_bind6, "cgroup/post_bind6", bpf_sock)
PROGRAM(on_bind4, "cgroup/bind4", bpf_sock_addr)
PROGRAM(on_bind6, "cgroup/bind6", bpf_sock_addr)
PROGRAM(on_connect4, "cgroup/connect4", bpf_sock_addr)
PROGRAM(on_connect6, "cgroup/connect6", bpf_sock_addr)
PROGRAM(on_sendmsg4, "cgroup/sendmsg4", bpf_sock_addr)
PROGRAM(on_sendmsg6, "cgroup/sendmsg6", bpf_sock_addr)
PROGRAM(on_recvmsg4, "cgroup/recvmsg4", bpf_sock_addr)
PROGRAM(on_recvmsg6, "cgroup/recvmsg6", bpf_sock_addr)
PROGRAM(on_getpeername4, "cgroup/getpeername4", bpf_sock_addr)
PROGRAM(on_getpeername6, "cgroup/getpeername6", bpf_sock_addr)
PROGRAM(on_getsockname4, "cgroup/getsockname4", bpf_sock_addr)
PROGRAM(on_getsockname6, "cgroup/getsockname6", bpf_sock_addr)
PROGRAM(on_sysctl, "cgroup/sysctl", bpf_sysctl)
PROGRAM(on_getsockopt, "cgroup/getsockopt", bpf_sockopt)
PROGRAM(on_setsockopt, "cgroup/setsockopt", bpf_sockopt)
PROGRAM(on_device, "cgroup/dev", bpf_cgroup_dev_ctx)

GPL;
