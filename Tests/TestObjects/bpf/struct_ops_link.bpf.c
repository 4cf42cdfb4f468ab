// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// The same kind of object attached by a link (6.4), with a member that no kernel has left at zero, and a second variant
// to update to.
#include "corpus.h"
#include <bpf/bpf_tracing.h>

struct sock;

struct tcp_congestion_ops___newer {
	__u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	__u32 (*undo_cwnd)(struct sock *sk);
	void (*no_such_operation)(struct sock *sk);
	char name[16];
} __core;

SEC("struct_ops")
__u32 BPF_PROG(two, struct sock *sk)
{
	return 2;
}

SEC("struct_ops")
__u32 BPF_PROG(four, struct sock *sk)
{
	return 4;
}

SEC("struct_ops")
__u32 BPF_PROG(undo, struct sock *sk)
{
	return 2;
}

SEC("struct_ops")
void BPF_PROG(nothing, struct sock *sk, __u32 ack, __u32 acked)
{
}

SEC(".struct_ops.link")
struct tcp_congestion_ops___newer merops_first = {
	.ssthresh = (void *)two,
	.cong_avoid = (void *)nothing,
	.undo_cwnd = (void *)undo,
	.name = "merops_link",
};

/* One program may serve several tables, in the same place of each. */
SEC(".struct_ops.link")
struct tcp_congestion_ops___newer merops_second = {
	.ssthresh = (void *)four,
	.cong_avoid = (void *)nothing,
	.undo_cwnd = (void *)undo,
	.name = "merops_link",
};

GPL;
