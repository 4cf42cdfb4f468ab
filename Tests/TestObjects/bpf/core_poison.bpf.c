// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// A relocation that must fail, in code that runs: the verifier's refusal must name the field. The object opens and
// links; only loading it fails.
#include "corpus.h"

struct task_struct___gone {
	int field_that_no_kernel_has;
} __core;

SEC("raw_tp/sys_enter")
int read_missing(void *ctx)
{
	struct task_struct___gone *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, field_that_no_kernel_has);
}

GPL;
