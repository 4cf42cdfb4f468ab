// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Bounds and positions that the verifier has to see: the optimizer takes away a comparison whose outcome it knows, and
// keeps a running position in a register, where the verifier follows each of its values.
#pragma once
#include <stdint.h>

/// A number that the optimizer knows nothing about.
static inline __attribute__((always_inline)) uint64_t bpf_hidden(uint64_t value) {
  __asm__ volatile("" : "+r"(value));
  return value;
}

/// The position that is kept in memory, read again however often it was read or written before.
static inline __attribute__((always_inline)) uint64_t bpf_position(const void *_Nonnull place) {
  return *(const volatile uint64_t *)place;
}

/// Writes the position to memory now.
static inline __attribute__((always_inline)) void bpf_set_position(void *_Nonnull place, uint64_t position) {
  *(volatile uint64_t *)place = position;
}
