// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Packets of several buffers (5.18): the length of the whole, and bytes beyond the first buffer.
#include "corpus.h"

__u64 length, last_byte;

SEC("xdp.frags")
int measure(struct xdp_md *ctx)
{
	__u8 byte = 0;

	length = bpf_xdp_get_buff_len(ctx);
	if (length && !bpf_xdp_load_bytes(ctx, length - 1, &byte, 1))
		last_byte = byte;
	return XDP_PASS;
}

GPL;
