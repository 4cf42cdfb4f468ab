// SPDX-License-Identifier: Apache-2.0
// Small reads of memory that is not the program's.
#pragma once
#include "helpers.h"

/// Copies the byte at `offset` of the kernel's memory at `address` to the same offset of `place`; 0 if it cannot be read.
static inline __attribute__((always_inline)) void bpf_copy_kernel_byte(
    void *_Nonnull place, const void *_Nullable address, uint64_t offset) {
  bpf_probe_read_kernel((uint8_t *)place + offset, 1, (const uint8_t *)address + offset);
}

/// Copies the byte at `offset` of the running process's memory at `address` to the same offset of `place`; 0 if it cannot
/// be read.
static inline __attribute__((always_inline)) void bpf_copy_user_byte(
    void *_Nonnull place, const void *_Nullable address, uint64_t offset) {
  bpf_probe_read_user((uint8_t *)place + offset, 1, (const uint8_t *)address + offset);
}

/// Reads 1, 2, 4 or 8 bytes of the kernel's memory; 0 if the address cannot be read.
#define BPF_READ_KERNEL(bits) \
  static inline __attribute__((always_inline)) uint##bits##_t bpf_read_kernel_##bits(const void *_Nullable address) { \
    uint##bits##_t value; \
    bpf_probe_read_kernel(&value, sizeof(value), address); \
    return value; \
  }
BPF_READ_KERNEL(8)
BPF_READ_KERNEL(16)
BPF_READ_KERNEL(32)
BPF_READ_KERNEL(64)
#undef BPF_READ_KERNEL
