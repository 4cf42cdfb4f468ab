// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// What a cgroup can count, refuse and rewrite: packets, sockets, addresses, options, sysctls, devices.
#include "corpus.h"

const volatile __u16 refused_port = 9999;
const volatile __u16 redirect_from = 1111, redirect_to = 2222;
/* Not bool: the verifier must see that what is returned is 0 or 1. */
__u32 allow_egress = 1, allow_sockets = 1, allow_devices = 1, allow_sysctl = 1;
__u64 ingress_packets, egress_packets, sockets, binds, connects, options, sysctls, devices, sock_ops;

SEC("cgroup_skb/ingress")
int on_ingress(struct __sk_buff *ctx)
{
	__sync_fetch_and_add(&ingress_packets, 1);
	return 1;
}

SEC("cgroup_skb/egress")
int on_egress(struct __sk_buff *ctx)
{
	__sync_fetch_and_add(&egress_packets, 1);
	return allow_egress != 0;
}

SEC("cgroup/sock_create")
int on_create(struct bpf_sock *ctx)
{
	__sync_fetch_and_add(&sockets, 1);
	return allow_sockets != 0;
}

SEC("cgroup/bind4")
int on_bind(struct bpf_sock_addr *ctx)
{
	__sync_fetch_and_add(&binds, 1);
	return ctx->user_port != bpf_htons(refused_port);
}

SEC("cgroup/connect4")
int on_connect(struct bpf_sock_addr *ctx)
{
	__sync_fetch_and_add(&connects, 1);
	if (ctx->user_port == bpf_htons(redirect_from))
		ctx->user_port = bpf_htons(redirect_to);
	return ctx->user_port != bpf_htons(refused_port);
}

SEC("cgroup/getsockopt")
int on_getsockopt(struct bpf_sockopt *ctx)
{
	__sync_fetch_and_add(&options, 1);
	return 1;
}

SEC("cgroup/setsockopt")
int on_setsockopt(struct bpf_sockopt *ctx)
{
	__sync_fetch_and_add(&options, 1);
	return 1;
}

SEC("cgroup/sysctl")
int on_sysctl(struct bpf_sysctl *ctx)
{
	__sync_fetch_and_add(&sysctls, 1);
	return !ctx->write || allow_sysctl != 0;
}

SEC("cgroup/dev")
int on_device(struct bpf_cgroup_dev_ctx *ctx)
{
	__sync_fetch_and_add(&devices, 1);
	return allow_devices != 0;
}

SEC("sockops")
int on_sock_ops(struct bpf_sock_ops *ctx)
{
	__sync_fetch_and_add(&sock_ops, 1);
	return 1;
}

GPL;
