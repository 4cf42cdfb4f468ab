// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Tail calls through a program array that the object itself fills.
#include "corpus.h"

int last_step;

int step_one(struct __sk_buff *ctx);
int step_two(struct __sk_buff *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, sizeof(__u32));
	__array(values, int(struct __sk_buff *));
} steps SEC(".maps") = {
	.values = { [1] = &step_one, [3] = &step_two },
};

SEC("tc")
int entry(struct __sk_buff *ctx)
{
	last_step = 0;
	bpf_tail_call(ctx, &steps, 1);
	return -1;
}

SEC("tc")
int step_one(struct __sk_buff *ctx)
{
	last_step = 1;
	bpf_tail_call(ctx, &steps, 3);
	return -1;
}

SEC("tc")
int step_two(struct __sk_buff *ctx)
{
	last_step = 2;
	return 42;
}

SEC("tc")
int empty_slot(struct __sk_buff *ctx)
{
	bpf_tail_call(ctx, &steps, 0);
	return 7;
}

GPL;
