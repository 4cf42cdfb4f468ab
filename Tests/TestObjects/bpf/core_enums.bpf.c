// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// CO-RE on enumerators: values that differ from the kernel's, signed and 64 bits wide, and ones that it has not.
#include "corpus.h"

/* The kernel's values are 2 (array) and 27 (ring buffer). */
enum bpf_map_type___moved {
	BPF_MAP_TYPE_ARRAY___moved = 200,
	BPF_MAP_TYPE_RINGBUF___moved = 201,
	BPF_MAP_TYPE_NEVER___moved = 202,
};

/* In the kernel: a signed enumeration with NF_INET_..., and one with values beyond 32 bits. */
enum bpf_func_flags___wide {
	BPF_F_INDEX_MASK___wide = 1,
	BPF_F_CTXLEN_MASK___wide = 0x100000000000000ULL,
};

enum zone_type___signed {
	__MAX_NR_ZONES___signed = -1,
};

struct {
	__u64 array, ring, never, has_array, has_never;
	__u64 index_mask, length_mask;
	__s64 zones;
} out;

SEC("raw_tp/sys_enter")
int read_enumerators(void *ctx)
{
	out.array = bpf_core_enum_value(enum bpf_map_type___moved, BPF_MAP_TYPE_ARRAY___moved);
	out.ring = bpf_core_enum_value(enum bpf_map_type___moved, BPF_MAP_TYPE_RINGBUF___moved);
	out.has_array = bpf_core_enum_value_exists(enum bpf_map_type___moved, BPF_MAP_TYPE_ARRAY___moved);
	out.has_never = bpf_core_enum_value_exists(enum bpf_map_type___moved, BPF_MAP_TYPE_NEVER___moved);
	if (bpf_core_enum_value_exists(enum bpf_map_type___moved, BPF_MAP_TYPE_NEVER___moved))
		out.never = bpf_core_enum_value(enum bpf_map_type___moved, BPF_MAP_TYPE_NEVER___moved);
	out.zones = bpf_core_enum_value(enum zone_type___signed, __MAX_NR_ZONES___signed);
	return 0;
}

SEC("?raw_tp/sys_exit")
int read_wide_enumerators(void *ctx)
{
	out.index_mask = bpf_core_enum_value(enum bpf_func_flags___wide, BPF_F_INDEX_MASK___wide);
	out.length_mask = bpf_core_enum_value(enum bpf_func_flags___wide, BPF_F_CTXLEN_MASK___wide);
	return 0;
}

GPL;
