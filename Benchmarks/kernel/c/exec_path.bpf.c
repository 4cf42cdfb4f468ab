// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// The path of each program that is executed, leaf first: a name and a zero byte for each directory.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define CORE __attribute__((preserve_access_index))
#define CAPACITY 4096
#define STEPS 96

typedef int pid_t;

struct task_struct {
	pid_t tgid;
} CORE;

struct qstr {
	const unsigned char *name;
} CORE;

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
} CORE;

struct vfsmount {
	struct dentry *mnt_root;
} CORE;

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
} CORE;

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
} CORE;

struct file {
	struct path f_path;
} CORE;

struct linux_binprm {
	struct file *file;
} CORE;

struct record {
	// In memory, of which the verifier knows nothing: else each length that a name may have doubles its work.
	volatile __u64 size;
	__u32 process;
	char names[CAPACITY + 256];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct record);
} records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} events SEC(".maps");

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, pid_t old, struct linux_binprm *binary)
{
	struct vfsmount *view = BPF_CORE_READ(binary, file, f_path.mnt);
	struct dentry *entry = BPF_CORE_READ(binary, file, f_path.dentry);
	struct dentry *root = BPF_CORE_READ(view, mnt_root), *parent;
	struct mount *mount = (void *)view - bpf_core_field_offset(struct mount, mnt);
	__u32 zero = 0;
	struct record *record = bpf_map_lookup_elem(&records, &zero);
	__u64 size;

	if (!record)
		return 0;
	record->process = task->tgid;
	record->size = 0;
	for (int step = 0; step < STEPS; step++) {
		long length;

		if (entry == root) {
			struct mount *above = BPF_CORE_READ(mount, mnt_parent);

			if (above == mount)
				break;
			entry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = above;
			root = BPF_CORE_READ(mount, mnt.mnt_root);
			continue;
		}
		parent = BPF_CORE_READ(entry, d_parent);
		size = record->size;
		if (parent == entry || size >= CAPACITY)
			break;
		length = bpf_probe_read_kernel_str(&record->names[size], 256, BPF_CORE_READ(entry, d_name.name));
		if (length <= 0)
			break;
		record->size = size + length;
		entry = parent;
	}
	size = record->size;
	if (size <= CAPACITY)
		bpf_ringbuf_output(&events, &record->process, sizeof(record->process) + size, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
