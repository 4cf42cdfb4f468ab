// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Kernel probes that count and read their first argument, with the cookie that the attachment gave them.
#include "corpus.h"

/* The kernel's names of the registers, not those of <linux/ptrace.h>. */
#define __VMLINUX_H__
#ifdef __TARGET_ARCH_arm64
struct user_pt_regs {
	unsigned long long regs[31], sp, pc, pstate;
} __core;
#endif
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
} __core;

#include <bpf/bpf_tracing.h>

const volatile __u32 only_thread;
__u64 entries, returns;
__u64 last_argument;
__s64 last_result;

static __always_inline bool wanted(void)
{
	return !only_thread || (__u32)bpf_get_current_pid_tgid() == only_thread;
}

SEC("kprobe/vfs_getattr")
int BPF_KPROBE(on_entry, const struct path *path)
{
	if (wanted()) {
		last_argument = (__u64)path;
		__sync_fetch_and_add(&entries, 1);
	}
	return 0;
}

SEC("kretprobe/vfs_getattr")
int BPF_KRETPROBE(on_return, int result)
{
	if (wanted()) {
		last_result = result;
		__sync_fetch_and_add(&returns, 1);
	}
	return 0;
}

SEC("ksyscall/getpgid")
int BPF_KSYSCALL(on_getpgid, int pid)
{
	if (wanted())
		last_argument = pid;
	return 0;
}

GPL;
