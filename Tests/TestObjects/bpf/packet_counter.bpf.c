// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Counts in the packet itself: what a run leaves there shows whether the next one sees it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int count(struct xdp_md *context)
{
	unsigned char *data = (void *)(long)context->data;
	void *end = (void *)(long)context->data_end;

	if (data + 14 > (unsigned char *)end)
		return XDP_ABORTED;
	return ++data[0];
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
