// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Paths of the kernel's directory entries.
#pragma once
#include <stdbool.h>
#include <stdint.h>

/// Appends the names from an entry up to the root of its mount namespace, each with a zero byte behind it, leaf first.
///
/// - Parameters:
///   - bytes: the position (8 bytes), then room for `capacity` bytes and 256 more.
///   - entry: the address of a `struct dentry`.
///   - mount: the address of the `struct vfsmount` that the entry is in.
///   - isTrusted: whether the verifier knows the types of both, so that they are read directly up to the first border of a
///     mount. What lies above is an address in any case.
/// - Returns: 0; -E2BIG if there was no room for all names, or there were more than 96 of them.
int64_t bpf_append_path(
    void *_Nonnull bytes, uint64_t capacity, const void *_Nonnull entry, const void *_Nonnull mount, bool isTrusted);

/// The address of the `struct path` in a `struct file`.
const void *_Nonnull bpf_path_of_file(const void *_Nonnull file);

/// The `struct dentry` of a `struct path`.
const void *_Nonnull bpf_entry_of_path(const void *_Nonnull path, bool isTrusted);

/// The `struct vfsmount` of a `struct path`.
const void *_Nonnull bpf_mount_of_path(const void *_Nonnull path, bool isTrusted);
