// SPDX-License-Identifier: Apache-2.0
// Small reads of memory that is not the program's.
#pragma once
#include "helpers.h"

/// The byte at `address` + `offset` of the kernel's memory; 0 if it cannot be read.
static inline __attribute__((always_inline)) uint8_t bpf_kernel_byte(const void *_Nullable address, uint64_t offset) {
  uint8_t byte = 0;
  bpf_probe_read_kernel(&byte, 1, (const uint8_t *)address + offset);
  return byte;
}

/// The byte at `address` + `offset` of the running process; 0 if it cannot be read.
static inline __attribute__((always_inline)) uint8_t bpf_user_byte(const void *_Nullable address, uint64_t offset) {
  uint8_t byte = 0;
  bpf_probe_read_user(&byte, 1, (const uint8_t *)address + offset);
  return byte;
}
