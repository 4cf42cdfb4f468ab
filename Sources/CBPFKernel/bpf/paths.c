// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// A path is walked from its leaf to the root. Entries up to the first border of a mount are read directly, if the verifier
// knows the type of the first one; a mount is found by subtracting from an address, after which the verifier knows no type
// any more, and everything is copied by a helper.
#include "paths.h"
#include "bytes.h"
#include "helpers.h"
#include "support.h"

// A flavor of their own: LLVM names a relocation by the type's name and the member's position, and takes it for that of
// another type by the name, such as one that the probe names.
struct qstr___paths {
  const unsigned char *name;
} CORE;
struct dentry___paths {
  struct dentry___paths *d_parent;
  struct qstr___paths d_name;
} CORE;
struct vfsmount___paths {
  struct dentry___paths *mnt_root;
} CORE;
struct mount___paths {
  struct mount___paths *mnt_parent;
  struct dentry___paths *mnt_mountpoint;
  struct vfsmount___paths mnt;
} CORE;
struct path___paths {
  struct vfsmount___paths *mnt;
  struct dentry___paths *dentry;
} CORE;
struct file___paths {
  struct path___paths f_path;
} CORE;

// Names that are read directly, and steps that are copied: each bounds a loop that the verifier walks in full.
#define DIRECT_NAMES 48
#define COPIED_STEPS 48
#define E2BIG 7

#define COPIED(field) ((__typeof__(field))copied(ADDRESS(field)))

static INLINED const void *copied(const void *address) {
  const void *value = 0;
  bpf_probe_read_kernel(&value, sizeof(value), address);
  return value;
}

static INLINED bool append_name(void *bytes, uint64_t capacity, const void *name) {
  uint64_t position = bpf_position(bytes);
  if (position >= capacity) return false;
  // No name has more than 255 bytes, and there is room for one behind the capacity.
  int64_t size = bpf_probe_read_kernel_str((char *)bytes + sizeof(uint64_t) + position, 256, name);
  if (size <= 0) return false;
  bool fits = position + (uint64_t)size <= capacity;
  bpf_set_position(bytes, fits ? position + (uint64_t)size : capacity);
  return fits;
}

INLINED int64_t bpf_append_path(
    void *bytes, uint64_t capacity, const void *entry, const void *mount, bool isTrusted) {
  const struct dentry___paths *at = entry;
  const struct vfsmount___paths *view = mount;
  if (isTrusted) {
    const struct dentry___paths *root = view->mnt_root;
    for (int step = 0; step < DIRECT_NAMES && at != root; step++) {
      const struct dentry___paths *parent = at->d_parent;
      // A file without a directory, as of memfd_create(2), has a name all the same.
      if (!append_name(bytes, capacity, at->d_name.name)) return -E2BIG;
      if (parent == at) return 0;
      at = parent;
    }
  }
  const struct mount___paths *here = (const struct mount___paths *)((const char *)view - FIELD_OFFSET(((struct mount___paths *)0)->mnt));
  const struct dentry___paths *root = COPIED(view->mnt_root);
  for (int step = 0; step < COPIED_STEPS; step++) {
    if (at == root) {
      const struct mount___paths *parent = COPIED(here->mnt_parent);
      if (parent == here) return 0;
      at = COPIED(here->mnt_mountpoint);
      here = parent;
      root = COPIED(here->mnt.mnt_root);
      continue;
    }
    const struct dentry___paths *parent = COPIED(at->d_parent);
    if (!append_name(bytes, capacity, COPIED(at->d_name.name))) return -E2BIG;
    if (parent == at) return 0;
    at = parent;
  }
  return -E2BIG;
}

INLINED const void *bpf_path_of_file(const void *file) { return ADDRESS(((const struct file___paths *)file)->f_path); }

INLINED const void *bpf_entry_of_path(const void *path, bool isTrusted) {
  const struct path___paths *from = path;
  return isTrusted ? from->dentry : COPIED(from->dentry);
}

INLINED const void *bpf_mount_of_path(const void *path, bool isTrusted) {
  const struct path___paths *from = path;
  return isTrusted ? from->mnt : COPIED(from->mnt);
}
