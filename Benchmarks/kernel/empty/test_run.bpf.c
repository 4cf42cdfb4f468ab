// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// What a test run costs by itself.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int empty(struct xdp_md *ctx) { return XDP_PASS; }

char LICENSE[] SEC("license") = "GPL";
