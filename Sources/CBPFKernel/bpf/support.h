// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// These files are compiled twice: for BPF, as bitcode that is linked into each program, and for the host, so that code
// that uses BPFKernel links there.
#pragma once

#define INLINED __attribute__((always_inline))

#ifdef __bpf__
#define STATIC_OFFSETS __attribute__((preserve_static_offset))
#define CORE __attribute__((preserve_access_index))
#else
#define STATIC_OFFSETS
#define CORE
#endif
