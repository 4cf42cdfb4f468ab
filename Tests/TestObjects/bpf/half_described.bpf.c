// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* A subprogram that was compiled without debugging information, called by a program that has it. */
#include "corpus.h"

__attribute__((noinline, nodebug)) int undescribed(int number)
{
	asm volatile("" : "+r"(number));
	return number * 3;
}

SEC("xdp")
int calls_it(struct xdp_md *context)
{
	return undescribed(2);
}

GPL;
