// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Iterators over tasks, their files and maps: each prints one line of text, or of binary, per element.
#include "corpus.h"

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} __core;

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
} __core;

struct bpf_map {
	__u32 id;
	char name[16];
	int max_entries;
} __core;

struct bpf_iter__bpf_map {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
} __core;

SEC("iter/task")
int each_task(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task)
		return 0;
	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(ctx->meta->seq, "pid tgid comm\n");
	BPF_SEQ_PRINTF(ctx->meta->seq, "%d %d %s\n", task->pid, task->tgid, task->comm);
	return 0;
}

SEC("iter/task_file")
int each_file(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task || !ctx->file)
		return 0;
	BPF_SEQ_PRINTF(ctx->meta->seq, "%d %d\n", task->tgid, ctx->fd);
	return 0;
}

SEC("iter/bpf_map")
int each_map(struct bpf_iter__bpf_map *ctx)
{
	struct {
		__u32 id;
		__u32 max_entries;
	} record = {};
	struct bpf_map *map = ctx->map;

	if (!map)
		return 0;
	record.id = map->id;
	record.max_entries = map->max_entries;
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} elements SEC(".maps");

SEC("?iter.s/task")
int each_task_sleepable(struct bpf_iter__task *ctx)
{
	if (ctx->task)
		BPF_SEQ_PRINTF(ctx->meta->seq, "%d\n", ctx->task->pid);
	return 0;
}

GPL;
