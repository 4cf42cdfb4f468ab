// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Sources: arch/x86/include/asm/ptrace.h, arch/arm64/include/asm/ptrace.h; the calling conventions of the System V ABI
// for x86-64 and of AAPCS64; include/uapi/linux/bpf_perf_event.h.
#include "registers.h"
#include "helpers.h"
#include "support.h"

// What CO-RE compares with the kernel's struct pt_regs; the order of fields does not matter.
struct pt_regs___x86 {
  unsigned long di, si, dx, cx, r8, r9, r10, ax, ip, sp, bp, orig_ax;
} CORE;

struct pt_regs___arm64 {
  uint64_t regs[31];
  uint64_t sp;
  uint64_t pc;
  uint64_t orig_x0;
  int32_t syscallno;
} CORE;

#define X86(context) ((const struct pt_regs___x86 *)(context))
#define ARM64(context) ((const struct pt_regs___arm64 *)(context))
#define IS_X86 FIELD_EXISTS(((struct pt_regs___x86 *)0)->di)

// Each load stays where it is: one load from an address that depends on the processor is what the verifier refuses.
#define EITHER(x86, arm64) \
  uint64_t value; \
  if (IS_X86) { \
    value = x86; \
    KEEP(value); \
  } else { \
    value = arm64; \
    KEEP(value); \
  } \
  return value;

#define REGISTER(name, x86, arm64) \
  INLINED uint64_t bpf_registers_##name(const void *context) { EITHER(X86(context)->x86, ARM64(context)->arm64) }

REGISTER(argument0, di, regs[0])
REGISTER(argument1, si, regs[1])
REGISTER(argument2, dx, regs[2])
REGISTER(argument3, cx, regs[3])
REGISTER(argument4, r8, regs[4])
REGISTER(argument5, r9, regs[5])
REGISTER(result, ax, regs[0])
REGISTER(ip, ip, pc)
REGISTER(sp, sp, sp)
REGISTER(fp, bp, regs[29])

#define SAVED_REGISTER(name, x86, arm64) \
  INLINED uint64_t bpf_saved_registers_##name(const struct pt_regs *registers) { \
    uint64_t value = 0; \
    if (IS_X86) \
      bpf_probe_read_kernel(&value, sizeof(value), ADDRESS(X86(registers)->x86)); \
    else \
      bpf_probe_read_kernel(&value, sizeof(value), ADDRESS(ARM64(registers)->arm64)); \
    return value; \
  }

// x0 holds the system call's result at its end.
SAVED_REGISTER(argument0, di, orig_x0)
SAVED_REGISTER(argument1, si, regs[1])
SAVED_REGISTER(argument2, dx, regs[2])
SAVED_REGISTER(argument3, r10, regs[3])
SAVED_REGISTER(argument4, r8, regs[4])
SAVED_REGISTER(argument5, r9, regs[5])
SAVED_REGISTER(number, orig_ax, syscallno)
SAVED_REGISTER(ip, ip, pc)
SAVED_REGISTER(sp, sp, sp)

// struct bpf_perf_event_data: the user-visible registers, then two words.
struct perf_event_x86 {
  uint64_t registers[21];
  uint64_t sample_period;
  uint64_t address;
} STATIC_OFFSETS;

struct perf_event_arm64 {
  uint64_t registers[34];
  uint64_t sample_period;
  uint64_t address;
} STATIC_OFFSETS;

#define PERF_EVENT(name) \
  INLINED uint64_t bpf_perf_event_##name(const void *context) { \
    EITHER(((const struct perf_event_x86 *)context)->name, ((const struct perf_event_arm64 *)context)->name) \
  }

PERF_EVENT(sample_period)
PERF_EVENT(address)

struct bpf_iter_meta___merops {
  struct seq_file *seq;
  uint64_t session_id;
  uint64_t seq_num;
} CORE;

#define META(meta) ((const struct bpf_iter_meta___merops *)(meta))

INLINED struct seq_file *bpf_iter_meta_seq(const void *meta) { return META(meta)->seq; }
INLINED uint64_t bpf_iter_meta_session(const void *meta) { return META(meta)->session_id; }
INLINED uint64_t bpf_iter_meta_number(const void *meta) { return META(meta)->seq_num; }
