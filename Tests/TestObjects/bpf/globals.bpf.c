// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Global variables in each data section, of each shape, static and extern, and in sections of their own name.
#include "corpus.h"

struct settings {
	__u32 limit;
	__s16 adjust;
	char label[10];
};

const volatile __u32 threshold = 10;
const volatile struct settings settings = { .limit = 3, .adjust = -2, .label = "default" };
static const volatile __u64 masks[4] = { 1, 2, 4, 8 };
const volatile bool verbose;

__u64 total = 100;
static __u32 initialised = 5;
__s8 small = -3;
__u16 table[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } };

__u64 seen;
static __u64 hidden_count;
struct settings scratch;

__u32 in_own_data SEC(".data.own") = 77;
const volatile __u32 in_own_rodata SEC(".rodata.own") = 55;

SEC("socket")
int count(struct __sk_buff *ctx)
{
	seen++;
	total += threshold;
	hidden_count += initialised + masks[seen & 3];
	scratch.limit = settings.limit + settings.adjust;
	if (verbose)
		small--;
	table[1][2]++;
	in_own_data += in_own_rodata;
	return hidden_count;
}

SEC("socket")
int reset(struct __sk_buff *ctx)
{
	seen = 0;
	initialised += 6;
	return 0;
}

GPL;
