// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Addresses of kernel symbols by name (from kallsyms), present and weak-and-absent.
#include "corpus.h"

extern const void bpf_map_put __ksym;
extern const void __start_BTF __ksym;
extern const void no_such_symbol_at_all __ksym __weak;

__u64 put_address, btf_address, absent_address = 1;
bool is_absent;

SEC("raw_tp/sys_enter")
int read_symbols(void *ctx)
{
	put_address = (__u64)&bpf_map_put;
	btf_address = (__u64)&__start_BTF;
	absent_address = (__u64)&no_such_symbol_at_all;
	is_absent = !&no_such_symbol_at_all;
	return 0;
}

GPL;
