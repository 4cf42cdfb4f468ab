// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// What Swift has no words for: atomic operations that every instruction set of BPF has, clearing memory, logarithms.
#pragma once
#include <stdint.h>

#define BPF_INTRINSIC static inline __attribute__((always_inline))

/// Adds to four bytes that other CPUs may change at the same time. The result is not given: before `-mcpu=v3` BPF cannot.
BPF_INTRINSIC void bpf_atomic_add32(void *_Nonnull place, uint32_t amount) {
  (void)__sync_fetch_and_add((uint32_t *)place, amount);
}

/// Adds to eight bytes that other CPUs may change at the same time.
BPF_INTRINSIC void bpf_atomic_add64(void *_Nonnull place, uint64_t amount) {
  (void)__sync_fetch_and_add((uint64_t *)place, amount);
}

/// Sets bytes to zero; `size` must be a constant.
BPF_INTRINSIC void bpf_clear(void *_Nonnull place, uint64_t size) { __builtin_memset(place, 0, size); }

/// The number of the highest bit that is set, from 0; 0 for 0.
BPF_INTRINSIC uint32_t bpf_log2(uint64_t value) {
  uint32_t result = 0;
  // Each step stays one branch: two choices in its place, which the optimiser prefers, are two branches in BPF.
#define BPF_LOG2_STEP(bits) \
  if (value >> bits) { \
    value >>= bits; \
    result += bits; \
    __asm__ volatile("" : "+r"(value), "+r"(result)); \
  }
  BPF_LOG2_STEP(32)
  BPF_LOG2_STEP(16)
  BPF_LOG2_STEP(8)
  BPF_LOG2_STEP(4)
  BPF_LOG2_STEP(2)
#undef BPF_LOG2_STEP
  return result + (uint32_t)(value >> 1);
}
