// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// The functions that programs get from bpf/*.c, for the host: what uses BPFKernel there can be linked, and tests can
// read contexts that they made themselves.
#include "bpf/contexts.c"
#include "bpf/registers.c"
