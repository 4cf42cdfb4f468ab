// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// What the kernel's statistics count for nothing.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("raw_tp/sys_enter")
int empty(struct bpf_raw_tracepoint_args *ctx) { return 0; }

char LICENSE[] SEC("license") = "GPL";
