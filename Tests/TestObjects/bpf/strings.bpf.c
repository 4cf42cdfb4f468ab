// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// String literals: they lie in sections like .rodata.str1.1, in which no variable has a name.
#include "corpus.h"

SEC("raw_tp/sys_enter")
int say(void *ctx)
{
	char copy[16];

	bpf_printk("a literal %d", 1);
	bpf_probe_read_kernel_str(copy, sizeof(copy), "another literal");
	return copy[0];
}

GPL;
