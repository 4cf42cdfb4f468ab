// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Probes on many functions at once (kprobe 5.18, uprobe 6.6) and on entry and return with one program (6.13, 6.14).
#include "corpus.h"

#define PROGRAM(function, section) \
	SEC(section)               \
	int function(void *ctx)    \
	{                          \
		return 0;          \
	}

PROGRAM(on_kprobe_multi, "kprobe.multi/do_nano*")
PROGRAM(on_kretprobe_multi, "kretprobe.multi/do_nano*")
PROGRAM(on_kprobe_session, "?kprobe.session/do_nano*")
PROGRAM(on_uprobe_multi, "uprobe.multi//proc/self/exe:probe_*")
PROGRAM(on_uretprobe_multi, "uretprobe.multi//proc/self/exe:probe_*")
PROGRAM(on_uprobe_session, "?uprobe.session//proc/self/exe:probe_*")
PROGRAM(on_uprobe_multi_sleepable, "uprobe.multi.s//proc/self/exe:probe_*")
PROGRAM(on_uretprobe_multi_sleepable, "uretprobe.multi.s//proc/self/exe:probe_*")
PROGRAM(on_uprobe_session_sleepable, "?uprobe.session.s//proc/self/exe:probe_*")

GPL;
