// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Bounded loops: unrolled, verified step by step, and with a bound that is known only when it runs.
#include "corpus.h"

#define MAX_STEPS 64

const volatile __u32 bound = 20;
__u64 sum;

SEC("tc")
int loops(struct __sk_buff *ctx)
{
	__u32 index;

#pragma unroll
	for (index = 0; index < 4; index++)
		sum += index;
	for (index = 0; index < 50; index++) {
		barrier_var(index);
		sum += index;
	}
	for (index = 0; index < MAX_STEPS && index < ctx->len; index++)
		sum++;
	for (index = 0; index < bound; index++)
		sum ^= index;
	return 0;
}

GPL;
