// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// 40 programs and 20 maps to list. The hook is one that hardly ever fires.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define PROGRAM(number) \
	SEC("raw_tp/sched_process_hang") int program_##number(void *context) { return 0; }
#define MAP(number) \
	struct { \
		__uint(type, BPF_MAP_TYPE_HASH); \
		__type(key, __u32); \
		__type(value, __u64); \
		__uint(max_entries, 64); \
	} map_##number SEC(".maps");
#define TEN(what, tens) \
	what(tens##0) what(tens##1) what(tens##2) what(tens##3) what(tens##4) \
	what(tens##5) what(tens##6) what(tens##7) what(tens##8) what(tens##9)

TEN(PROGRAM, 1)
TEN(PROGRAM, 2)
TEN(PROGRAM, 3)
TEN(PROGRAM, 4)
TEN(MAP, 1)
TEN(MAP, 2)
