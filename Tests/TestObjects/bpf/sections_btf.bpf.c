// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// One program for each section name whose target is found in the kernel's BTF. They could disturb a machine that
// others use: "?" keeps them from being loaded until they are asked for.
#include "corpus.h"

#define PROGRAM(function, section)           \
	SEC("?" section)                     \
	int function(unsigned long long *ctx) \
	{                                    \
		return 0;                    \
	}

PROGRAM(on_tp_btf, "tp_btf/sys_enter")
PROGRAM(on_fentry, "fentry/do_nanosleep")
PROGRAM(on_fentry_sleepable, "fentry.s/__x64_sys_getpgid")
PROGRAM(on_fexit, "fexit/do_nanosleep")
PROGRAM(on_fexit_sleepable, "fexit.s/__x64_sys_getpgid")
PROGRAM(on_fmod_ret, "fmod_ret/security_file_open")
PROGRAM(on_fmod_ret_sleepable, "fmod_ret.s/__x64_sys_getpgid")
PROGRAM(on_lsm, "lsm/file_open")
PROGRAM(on_lsm_sleepable, "lsm.s/bprm_check_security")
PROGRAM(on_freplace, "freplace/replaceable")

SEC("?lsm_cgroup/socket_bind")
int on_lsm_cgroup(unsigned long long *ctx)
{
	return 1;
}

GPL;
