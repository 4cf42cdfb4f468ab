// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// What the loader reads from the kernel's configuration, by type: version, tristate, bool, number, char, string, weak.
#include "corpus.h"

extern int LINUX_KERNEL_VERSION __kconfig;
extern bool LINUX_HAS_BPF_COOKIE __kconfig __weak;
extern bool LINUX_HAS_SYSCALL_WRAPPER __kconfig __weak;
extern bool CONFIG_BPF_SYSCALL __kconfig;
extern enum libbpf_tristate CONFIG_BPF_JIT __kconfig;
extern unsigned long CONFIG_HZ __kconfig __weak;
extern __u8 CONFIG_NO_SUCH_NUMBER __kconfig __weak;
extern char CONFIG_CC_VERSION_TEXT[16] __kconfig __weak;

__u64 version, hz;
bool has_bpf, has_cookie, has_wrapper;
int jit;
__u8 absent = 9;
char compiler[16];

SEC("socket")
int read_config(struct __sk_buff *ctx)
{
	int index;

	version = LINUX_KERNEL_VERSION;
	has_bpf = CONFIG_BPF_SYSCALL;
	has_cookie = LINUX_HAS_BPF_COOKIE;
	has_wrapper = LINUX_HAS_SYSCALL_WRAPPER;
	jit = CONFIG_BPF_JIT;
	hz = CONFIG_HZ;
	absent = CONFIG_NO_SUCH_NUMBER;
	for (index = 0; index < 16; index++)
		compiler[index] = CONFIG_CC_VERSION_TEXT[index];
	return 0;
}

GPL;
