// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// A program that user space calls with arguments and that makes system calls itself (5.14).
#include "corpus.h"

struct arguments {
	__u32 left, right;
	__u64 result;
};

SEC("syscall")
int add(struct arguments *ctx)
{
	ctx->result = (__u64)ctx->left + ctx->right;
	return 17;
}

GPL;
