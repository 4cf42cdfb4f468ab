// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// CO-RE on types: local and kernel id, existence, size, match, of structures, unions, enumerations and typedefs, with
// flavors and absent ones.
#include "corpus.h"

struct task_struct___flavor {
	int pid;
} __core;

struct task_struct___mismatch {
	char pid[4096];
} __core;

struct no_such_struct {
	int x;
} __core;

union bpf_attr___core {
	__u32 map_type;
} __core;

enum bpf_map_type___core { BPF_MAP_TYPE_HASH___core = 1 };

typedef struct { int counter; } atomic_t___core;

struct {
	__u64 local_id, kernel_id, absent_id;
	__u64 exists, flavor_exists, absent_exists, union_exists, enum_exists, typedef_exists;
	__u64 size, absent_size, typedef_size;
	__u64 matches, mismatches;
} out;

SEC("raw_tp/sys_enter")
int read_types(void *ctx)
{
	out.local_id = bpf_core_type_id_local(struct task_struct);
	out.kernel_id = bpf_core_type_id_kernel(struct task_struct);
	out.absent_id = bpf_core_type_id_kernel(struct no_such_struct);
	out.exists = bpf_core_type_exists(struct task_struct);
	out.flavor_exists = bpf_core_type_exists(struct task_struct___flavor);
	out.absent_exists = bpf_core_type_exists(struct no_such_struct);
	out.union_exists = bpf_core_type_exists(union bpf_attr___core);
	out.enum_exists = bpf_core_type_exists(enum bpf_map_type___core);
	out.typedef_exists = bpf_core_type_exists(atomic_t___core);
	out.size = bpf_core_type_size(struct task_struct);
	out.absent_size = bpf_core_type_size(struct no_such_struct);
	out.typedef_size = bpf_core_type_size(atomic_t___core);
	out.matches = bpf_core_type_matches(struct task_struct___flavor);
	out.mismatches = bpf_core_type_matches(struct task_struct___mismatch);
	return 0;
}

GPL;
