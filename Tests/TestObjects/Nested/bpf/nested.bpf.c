// SPDX-License-Identifier: GPL-2.0-only
// A program below the target's own bpf folder, built as the bpf-build.json beside it says.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u32 longest;

SEC("socket") int nested(struct __sk_buff *skb)
{
	__u32 length = skb->len;

	if (length > longest)
		longest = length;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
