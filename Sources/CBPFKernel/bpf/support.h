// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// These files are compiled twice: for BPF, as bitcode that is linked into each program, and for the host, so that code
// that uses BPFKernel links there.
#pragma once

#define INLINED __attribute__((always_inline))

// Keeps the optimiser from moving what made a value past this place.
#define KEEP(value) __asm__ volatile("" : "+r"(value))

#ifdef __bpf__
// A structure whose fields are each read by one load at a constant offset.
#define STATIC_OFFSETS __attribute__((preserve_static_offset))
// A structure of the kernel: its offsets are settled when the program is loaded.
#define CORE __attribute__((preserve_access_index))
// A function of the kernel, which need not be there.
#define KSYM __attribute__((section(".ksyms"), weak))
#define FIELD_EXISTS(field) __builtin_preserve_field_info(field, 2)
#define FIELD_OFFSET(field) __builtin_preserve_field_info(field, 0)
#define ADDRESS(field) __builtin_preserve_access_index(&(field))
// The number of a type of the running kernel.
#define TYPE_ID(type) __builtin_btf_type_id(*(type *)0, 1)
#else
#define STATIC_OFFSETS
#define CORE
#define KSYM __attribute__((weak))
#define FIELD_EXISTS(field) 1
#define FIELD_OFFSET(field) ((uintptr_t)&(field))
#define ADDRESS(field) &(field)
#define TYPE_ID(type) 0
#endif
