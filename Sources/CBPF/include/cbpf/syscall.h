// SPDX-License-Identifier: Apache-2.0
// System calls that the C library does not wrap, or wraps with variable arguments, which Swift cannot call.
// All return the result, or the negated error number.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "perf.h"

static inline long cbpf_result(long result) { return result < 0 ? -(long)errno : result; }

static inline long cbpf_bpf(uint32_t command, void *attr, uint32_t size) {
  return cbpf_result(syscall(__NR_bpf, command, attr, size));
}

static inline long cbpf_perf_event_open(struct cbpf_perf_event_attr *attr, int pid, int cpu, int group, unsigned long flags) {
  return cbpf_result(syscall(__NR_perf_event_open, attr, pid, cpu, group, flags));
}

static inline long cbpf_ioctl(int fd, unsigned long request, uintptr_t argument) {
  return cbpf_result(ioctl(fd, request, argument));
}

static inline long cbpf_duplicate(int fd) { return cbpf_result(fcntl(fd, F_DUPFD_CLOEXEC, 0)); }

static inline long cbpf_open(const char *path, int flags, unsigned mode) {
  return cbpf_result(open(path, flags | O_CLOEXEC, mode));
}
