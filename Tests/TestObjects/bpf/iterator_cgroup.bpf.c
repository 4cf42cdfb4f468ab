// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Walks cgroups (6.1) and prints the id of each.
#include "corpus.h"

struct kernfs_node {
	__u64 id;
} __core;

struct cgroup {
	struct kernfs_node *kn;
} __core;

struct bpf_iter__cgroup {
	struct bpf_iter_meta *meta;
	struct cgroup *cgroup;
} __core;

SEC("iter/cgroup")
int each_cgroup(struct bpf_iter__cgroup *ctx)
{
	struct cgroup *cgroup = ctx->cgroup;

	if (cgroup)
		BPF_SEQ_PRINTF(ctx->meta->seq, "%llu\n", cgroup->kn->id);
	return 0;
}

GPL;
