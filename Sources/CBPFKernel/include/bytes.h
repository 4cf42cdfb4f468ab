// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Bounds and positions that the verifier has to see: the optimizer takes away a comparison whose outcome it knows, and
// keeps a running position in a register, where the verifier follows each of its values.
#pragma once
#include <stdbool.h>
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

/// Takes a place that others may have taken.
///
/// - Parameter mark: the word that says so.
/// - Returns: whether the place was free.
///
/// A load and a store, as the kernels before 5.12 have no exchange: whoever comes between the two on the same CPU is done
/// before this goes on, unless the scheduler takes turns.
static inline __attribute__((always_inline)) bool bpf_take_place(void *_Nonnull mark) {
  if (*(const volatile uint64_t *)mark != 0) return false;
  *(volatile uint64_t *)mark = 1;
  return true;
}

/// Gives the place back.
static inline __attribute__((always_inline)) void bpf_give_place(void *_Nonnull mark) { *(volatile uint64_t *)mark = 0; }

/// Sets bytes to zero, whose number is known when this is compiled. The processor need not align: a map's value starts at a
/// multiple of 8.
static inline __attribute__((always_inline)) void bpf_clear_words(void *_Nonnull start, uint64_t count) {
#pragma clang loop unroll(full)
  for (uint64_t at = 0; at + 8 <= count; at += 8) *(uint64_t *)((char *)start + at) = 0;
#pragma clang loop unroll(full)
  for (uint64_t at = count & ~(uint64_t)7; at < count; at++) ((char *)start)[at] = 0;
}
