// SPDX-License-Identifier: Apache-2.0
// System calls that the C library does not wrap, or wraps with variable arguments, which Swift cannot call.
// All return the result, or the negated error number.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "perf.h"

// The same number on every architecture but alpha.
#define CBPF_NR_FSOPEN 430
#define CBPF_NR_FSCONFIG 431
#define CBPF_NR_FSMOUNT 432
#define CBPF_NR_EPOLL_PWAIT2 441

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

static inline long cbpf_openat(int directory, const char *path, int flags, unsigned mode) {
  return cbpf_result(openat(directory, path, flags | O_CLOEXEC, mode));
}

/// An epoll instance's answer, without the packed layout that epoll_event has on x86.
struct cbpf_epoll_event {
  uint64_t tag;
  uint32_t events, reserved;
};

static inline long cbpf_epoll_control(int epoll, int operation, int fd, uint32_t events, uint64_t tag) {
  struct epoll_event event = {.events = events, .data = {.u64 = tag}};
  return cbpf_result(epoll_ctl(epoll, operation, fd, &event));
}

/// Waits with nanoseconds where the kernel can (5.11), else with milliseconds, rounded up. Negative: for ever.
static inline long cbpf_epoll_wait(int epoll, struct cbpf_epoll_event *out, int capacity, int64_t nanoseconds) {
  struct epoll_event events[64];
  if (capacity > 64) capacity = 64;
  long count = -ENOSYS;
  if (nanoseconds > 0) {
    struct cbpf_timespec {
      int64_t seconds, nanoseconds;
    } limit = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    count = cbpf_result(syscall(CBPF_NR_EPOLL_PWAIT2, epoll, events, capacity, &limit, (void *)0, 8));
  }
  if (count == -ENOSYS) {
    int64_t milliseconds = nanoseconds < 0 ? -1 : nanoseconds / 1000000 + (nanoseconds % 1000000 != 0);
    if (milliseconds > INT32_MAX) milliseconds = INT32_MAX;
    count = cbpf_result(epoll_wait(epoll, events, capacity, (int)milliseconds));
  }
  for (long index = 0; index < count; index++) {
    out[index].tag = events[index].data.u64;
    out[index].events = events[index].events;
  }
  return count;
}

/// Makes a file system that is attached to no path: a private view, gone with its descriptor.
static inline long cbpf_detached_mount(const char *type) {
  long context = cbpf_result(syscall(CBPF_NR_FSOPEN, type, 1 /* FSOPEN_CLOEXEC */));
  if (context < 0) return context;
  long result = cbpf_result(syscall(CBPF_NR_FSCONFIG, (int)context, 6 /* FSCONFIG_CMD_CREATE */, (void *)0, (void *)0, 0));
  if (result >= 0) result = cbpf_result(syscall(CBPF_NR_FSMOUNT, (int)context, 1 /* FSMOUNT_CLOEXEC */, 0));
  close((int)context);
  return result;
}

/// The capabilities of the calling thread, bit by bit. ABI: include/uapi/linux/capability.h, version 3.
struct cbpf_capabilities {
  uint64_t effective, permitted, inheritable;
};

struct cbpf_capability_words {
  struct {
    uint32_t version;
    int32_t pid;
  } header;
  struct {
    uint32_t effective, permitted, inheritable;
  } words[2];
};

static inline long cbpf_capget(struct cbpf_capabilities *out) {
  struct cbpf_capability_words all = {.header = {.version = 0x20080522}};
  long result = cbpf_result(syscall(__NR_capget, &all.header, all.words));
  out->effective = (uint64_t)all.words[1].effective << 32 | all.words[0].effective;
  out->permitted = (uint64_t)all.words[1].permitted << 32 | all.words[0].permitted;
  out->inheritable = (uint64_t)all.words[1].inheritable << 32 | all.words[0].inheritable;
  return result;
}

static inline long cbpf_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable) {
  struct cbpf_capability_words all = {
      .header = {.version = 0x20080522},
      .words = {{(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
                {(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32)}}};
  return cbpf_result(syscall(__NR_capset, &all.header, all.words));
}

/// What this thread and those that it starts run gets no privilege by exec (Linux 3.5).
static inline long cbpf_no_new_privileges(void) {
  return cbpf_result(prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L));
}

static inline long cbpf_setns(int fd, int kind) { return cbpf_result(syscall(__NR_setns, fd, kind)); }
static inline long cbpf_unshare(int kind) { return cbpf_result(syscall(__NR_unshare, kind)); }

static inline long cbpf_eventfd(void) { return cbpf_result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

/// The magic number of the file system that a path is in.
static inline long cbpf_filesystem_type(const char *path) {
  struct statfs status;
  long result = cbpf_result(statfs(path, &status));
  return result < 0 ? result : (long)(uint32_t)status.f_type;
}

static inline uint64_t cbpf_memlock_limit(void) {
  struct rlimit limit = {0, 0};
  getrlimit(RLIMIT_MEMLOCK, &limit);
  return limit.rlim_cur;
}

static inline long cbpf_lift_memlock_limit(void) {
  struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
  return cbpf_result(setrlimit(RLIMIT_MEMLOCK, &limit));
}

/// Waits for one descriptor. Negative nanoseconds: for ever. Returns its events, zero when the time is over.
static inline long cbpf_poll(int fd, short events, int64_t nanoseconds) {
  struct pollfd wanted = {.fd = fd, .events = events, .revents = 0};
  int64_t limit[2] = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  long count = cbpf_result(syscall(__NR_ppoll, &wanted, 1, nanoseconds < 0 ? (void *)0 : limit, (void *)0, 8));
  return count > 0 ? wanted.revents : count;
}
