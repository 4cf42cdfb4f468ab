// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// A TCP congestion control, from the object to the kernel's table of them. Nobody uses it unless a socket asks for it.
#include "corpus.h"
#include <bpf/bpf_tracing.h>

struct sock;
struct ack_sample;
struct rate_sample;

struct tcp_sock {
	__u32 snd_cwnd;
} __core;

struct tcp_congestion_ops {
	__u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	__u32 (*undo_cwnd)(struct sock *sk);
	void (*init)(struct sock *sk);
	char name[16];
	__u32 flags;
} __core;

__u64 sockets;

SEC("struct_ops/ssthresh")
__u32 BPF_PROG(merops_ssthresh, struct sock *sk)
{
	__u32 window = ((struct tcp_sock *)sk)->snd_cwnd >> 1;

	return window < 2 ? 2 : window;
}

SEC("struct_ops/cong_avoid")
void BPF_PROG(merops_cong_avoid, struct sock *sk, __u32 ack, __u32 acked)
{
}

SEC("struct_ops/undo_cwnd")
__u32 BPF_PROG(merops_undo_cwnd, struct sock *sk)
{
	return ((struct tcp_sock *)sk)->snd_cwnd;
}

SEC("struct_ops/init")
void BPF_PROG(merops_init, struct sock *sk)
{
	__sync_fetch_and_add(&sockets, 1);
}

SEC(".struct_ops")
struct tcp_congestion_ops merops_cc = {
	.ssthresh = (void *)merops_ssthresh,
	.cong_avoid = (void *)merops_cong_avoid,
	.undo_cwnd = (void *)merops_undo_cwnd,
	.init = (void *)merops_init,
	.name = "merops_cc",
};

GPL;
