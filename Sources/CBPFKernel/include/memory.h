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
