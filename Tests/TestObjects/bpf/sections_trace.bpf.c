// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// One program for each section name of tracepoints and of perf events.
#include "corpus.h"

#define PROGRAM(function, section) \
	SEC(section)               \
	int function(void *ctx)    \
	{                          \
		return 0;          \
	}

PROGRAM(on_tracepoint, "tracepoint/syscalls/sys_enter_getpgid")
PROGRAM(on_tp, "tp/syscalls/sys_exit_getpgid")
PROGRAM(on_raw_tracepoint, "raw_tracepoint/sys_enter")
PROGRAM(on_raw_tp, "raw_tp/sys_exit")
PROGRAM(on_raw_tp_bare, "raw_tp")
PROGRAM(on_perf_event, "perf_event")

SEC("?raw_tp.w/bpf_test_finish")
int on_raw_tp_writable(void *ctx)
{
	return 0;
}

SEC("?raw_tracepoint.w/bpf_test_finish")
int on_raw_tracepoint_writable(void *ctx)
{
	return 0;
}

GPL;
