// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// System call tracepoints, classic, raw and by BTF: the same call counted three ways, with its argument.
#include "corpus.h"

struct sys_enter_getpgid {
	__u64 common;
	long number;
	long pid;
};

const volatile __u32 only_process, only_thread;
const volatile long call_number = NR_GETPGID;
__u64 classic, raw, typed;
__s64 classic_argument;

static __always_inline bool wanted(void)
{
	__u64 current = bpf_get_current_pid_tgid();

	return only_process && current >> 32 == only_process && (!only_thread || (__u32)current == only_thread);
}

SEC("tp/syscalls/sys_enter_getpgid")
int on_classic(struct sys_enter_getpgid *ctx)
{
	if (!wanted())
		return 0;
	classic_argument = ctx->pid;
	__sync_fetch_and_add(&classic, 1);
	return 0;
}

SEC("raw_tp/sys_enter")
int on_raw(struct bpf_raw_tracepoint_args *ctx)
{
	if (wanted() && ctx->args[1] == call_number)
		__sync_fetch_and_add(&raw, 1);
	return 0;
}

SEC("tp_btf/sys_enter")
int on_typed(unsigned long long *ctx)
{
	if (wanted() && ctx[1] == call_number)
		__sync_fetch_and_add(&typed, 1);
	return 0;
}

/* The event's record has 24 bytes: the kernel refuses to attach this one. */
SEC("?tp/syscalls/sys_exit_munmap")
int beyond_record(void *ctx)
{
	classic_argument = *(__s64 *)(ctx + 64);
	return 0;
}

GPL;
