// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Kernel variables by their BTF: one per CPU, one plain, one that no kernel has.
#include "corpus.h"

struct rq {
	unsigned int nr_running;
	int cpu;
} __core;

extern const struct rq runqueues __ksym;
extern const int bpf_prog_active __ksym;
extern const int no_such_variable __ksym __weak;

__s64 cpu = -1;
__u64 active_address;
bool is_absent;

SEC("raw_tp/sys_enter")
int read_variables(void *ctx)
{
	struct rq *queue = bpf_per_cpu_ptr(&runqueues, 0);

	if (queue)
		cpu = queue->cpu;
	active_address = (__u64)&bpf_prog_active;
	is_absent = !&no_such_variable;
	return 0;
}

GPL;
