// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// One program for each section name of kernel and user probes. They load on any kernel: what they name matters when
// they are attached.
#include "corpus.h"

#define PROGRAM(function, section) \
	SEC(section)               \
	int function(void *ctx)    \
	{                          \
		return 0;          \
	}

PROGRAM(on_kprobe, "kprobe/do_nanosleep")
PROGRAM(on_kprobe_offset, "kprobe/do_nanosleep+0x4")
PROGRAM(on_kretprobe, "kretprobe/do_nanosleep")
PROGRAM(on_ksyscall, "ksyscall/getpgid")
PROGRAM(on_kretsyscall, "kretsyscall/getpgid")
PROGRAM(on_uprobe, "uprobe//proc/self/exe:probe_target")
PROGRAM(on_uprobe_offset, "uprobe//proc/self/exe:probe_target+0x4")
PROGRAM(on_uprobe_bare, "uprobe")
PROGRAM(on_uretprobe, "uretprobe//proc/self/exe:probe_target")
PROGRAM(on_usdt, "usdt//proc/self/exe:merops:probe")

// A sleepable probe needs 5.17.
PROGRAM(on_uprobe_sleepable, "?uprobe.s//proc/self/exe:probe_target")
PROGRAM(on_uretprobe_sleepable, "?uretprobe.s//proc/self/exe:probe_target")
PROGRAM(on_usdt_sleepable, "?usdt.s//proc/self/exe:merops:probe")

GPL;
