// SPDX-License-Identifier: Apache-2.0
// The processor's registers, as kprobes, uprobes and perf events get them and as the kernel keeps a thread's. One object
// serves x86-64 and arm64: which field to read is settled by CO-RE when it is loaded.
#pragma once
#include "structures.h"

/// Arguments of a function that is called by the C convention, from 0.
uint64_t bpf_registers_argument0(const void *_Nonnull context);
uint64_t bpf_registers_argument1(const void *_Nonnull context);
uint64_t bpf_registers_argument2(const void *_Nonnull context);
uint64_t bpf_registers_argument3(const void *_Nonnull context);
uint64_t bpf_registers_argument4(const void *_Nonnull context);
uint64_t bpf_registers_argument5(const void *_Nonnull context);
/// What a function returned.
uint64_t bpf_registers_result(const void *_Nonnull context);
uint64_t bpf_registers_ip(const void *_Nonnull context);
uint64_t bpf_registers_sp(const void *_Nonnull context);
uint64_t bpf_registers_fp(const void *_Nonnull context);

/// The same of registers that the kernel keeps (`struct pt_regs`), with the arguments of a system call, read by
/// `bpf_probe_read_kernel`.
uint64_t bpf_saved_registers_argument0(const struct pt_regs *_Nullable registers);
uint64_t bpf_saved_registers_argument1(const struct pt_regs *_Nullable registers);
uint64_t bpf_saved_registers_argument2(const struct pt_regs *_Nullable registers);
uint64_t bpf_saved_registers_argument3(const struct pt_regs *_Nullable registers);
uint64_t bpf_saved_registers_argument4(const struct pt_regs *_Nullable registers);
uint64_t bpf_saved_registers_argument5(const struct pt_regs *_Nullable registers);
/// The system call's number: the lower half.
uint64_t bpf_saved_registers_number(const struct pt_regs *_Nullable registers);
uint64_t bpf_saved_registers_ip(const struct pt_regs *_Nullable registers);
uint64_t bpf_saved_registers_sp(const struct pt_regs *_Nullable registers);

/// How often the counter of a perf event overflowed in one sample, and the address that it was about.
uint64_t bpf_perf_event_sample_period(const void *_Nonnull context);
uint64_t bpf_perf_event_address(const void *_Nonnull context);

/// The file that an iterator writes to, and its place, from the context's `meta`.
struct seq_file *_Nonnull bpf_iter_meta_seq(const void *_Nonnull meta);
uint64_t bpf_iter_meta_session(const void *_Nonnull meta);
uint64_t bpf_iter_meta_number(const void *_Nonnull meta);
