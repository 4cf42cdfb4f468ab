// SPDX-License-Identifier: Apache-2.0
// Atomic operations that tell what was there before. They need -mcpu=v3 and Linux 5.12 (RFC 9669, 5.3: the FETCH
// modifier, XCHG, CMPXCHG).
#pragma once
#include <stdint.h>

#define BPF_FETCH(name, type, operation) \
  static inline __attribute__((always_inline)) type bpf_atomic_fetch_##name(void *_Nonnull place, type value) { \
    return operation((type *)place, value); \
  }

BPF_FETCH(add32, uint32_t, __sync_fetch_and_add)
BPF_FETCH(add64, uint64_t, __sync_fetch_and_add)
BPF_FETCH(and32, uint32_t, __sync_fetch_and_and)
BPF_FETCH(and64, uint64_t, __sync_fetch_and_and)
BPF_FETCH(or32, uint32_t, __sync_fetch_and_or)
BPF_FETCH(or64, uint64_t, __sync_fetch_and_or)
BPF_FETCH(exchange32, uint32_t, __sync_lock_test_and_set)
BPF_FETCH(exchange64, uint64_t, __sync_lock_test_and_set)
#undef BPF_FETCH

static inline __attribute__((always_inline)) uint32_t bpf_atomic_compare_exchange32(
    void *_Nonnull place, uint32_t expected, uint32_t value) {
  return __sync_val_compare_and_swap((uint32_t *)place, expected, value);
}

static inline __attribute__((always_inline)) uint64_t bpf_atomic_compare_exchange64(
    void *_Nonnull place, uint64_t expected, uint64_t value) {
  return __sync_val_compare_and_swap((uint64_t *)place, expected, value);
}
