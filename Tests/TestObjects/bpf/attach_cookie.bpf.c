// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// What attaching tells a program: the cookies of tracepoints, classic (5.15), by BTF (5.19) and raw (6.10).
#include "corpus.h"

const volatile __u32 only_thread;
const volatile long call_number = NR_GETPGID;
__u64 hits, cookie;

static __always_inline int note(void *ctx)
{
	if ((__u32)bpf_get_current_pid_tgid() != only_thread)
		return 0;
	cookie = bpf_get_attach_cookie(ctx);
	__sync_fetch_and_add(&hits, 1);
	return 0;
}

SEC("?tp/syscalls/sys_enter_getpgid")
int on_classic(void *ctx)
{
	return note(ctx);
}

SEC("?tp_btf/sys_enter")
int on_typed(unsigned long long *ctx)
{
	return ctx[1] == call_number ? note(ctx) : 0;
}

SEC("?raw_tp/sys_enter")
int on_raw(struct bpf_raw_tracepoint_args *ctx)
{
	return ctx->args[1] == call_number ? note(ctx) : 0;
}

GPL;
