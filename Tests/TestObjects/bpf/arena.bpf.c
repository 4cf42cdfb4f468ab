// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// An arena (6.9): memory that a program and user space share at the same addresses, with a global inside it.
#include "corpus.h"

#define __arena __attribute__((address_space(1)))

struct {
	__uint(type, MAP_TYPE_ARENA);
	__uint(map_flags, F_MMAPABLE);
	__uint(max_entries, 4);
} arena SEC(".maps");

extern void __arena *bpf_arena_alloc_pages(void *map, void __arena *address, __u32 count, int node,
					   __u64 flags) __ksym;

__u64 __arena in_arena;
__u64 address;

SEC("syscall")
int allocate(void *ctx)
{
	__u64 __arena *page = bpf_arena_alloc_pages(&arena, NULL, 1, -1, 0);

	if (!page)
		return 1;
	*page = 1234;
	in_arena = 5678;
	address = (__u64)page;
	return 0;
}

GPL;
