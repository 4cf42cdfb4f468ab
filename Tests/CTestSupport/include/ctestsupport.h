// SPDX-License-Identifier: Apache-2.0
#pragma once
// What glibc declares under _GNU_SOURCE only, and so Swift's Glibc module does not have.

extern int unshare(int flags);
extern int setns(int descriptor, int kind);
extern int pipe2(int ends[2], int flags);
extern int close_range(unsigned first, unsigned last, int flags);
extern int gettid(void);

enum { CTEST_CLOSE_RANGE_UNSHARE = 2, CTEST_CLONE_NEWNET = 0x40000000 };
