// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// A path is walked from its leaf to the root. A mount is found by subtracting from an address, after which the verifier knows
// no type any more. bpf_rdonly_cast (6.2) tells it one. On older kernels, entries up to the first border of a mount are read
// directly, if the verifier knows the type of the first one, and all else is copied by a helper.
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

// As in kfuncs.c: what one file defines is not there for another.
extern void *bpf_rdonly_cast(const void *obj__ign, uint32_t btf_id__k) KSYM;
extern int32_t bpf_iter_num_new(struct bpf_iter_num *it, int32_t start, int32_t end) KSYM;
extern int32_t *bpf_iter_num_next(struct bpf_iter_num *it) KSYM;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) KSYM;

#define CAST(type, address) ((const struct type *)bpf_rdonly_cast(address, TYPE_ID(struct type)))
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

// The verifier looks at the body of such a loop until it finds nothing new, and not once for each step (6.4).
static INLINED int64_t append_cast_path(void *bytes, uint64_t capacity, const void *entry, const void *mount) {
  const void *at = entry;
  const void *here = (const char *)mount - FIELD_OFFSET(((struct mount___paths *)0)->mnt);
  const void *root = CAST(vfsmount___paths, mount)->mnt_root;
  int64_t result = -E2BIG;
  struct bpf_iter_num steps;
  bpf_iter_num_new(&steps, 0, DIRECT_NAMES + COPIED_STEPS);
  while (bpf_iter_num_next(&steps)) {
    if (at == root) {
      const struct mount___paths *inner = CAST(mount___paths, here);
      const void *parent = inner->mnt_parent;
      if (parent == here) {
        result = 0;
        break;
      }
      at = inner->mnt_mountpoint;
      here = parent;
      root = CAST(mount___paths, parent)->mnt.mnt_root;
      continue;
    }
    const struct dentry___paths *known = CAST(dentry___paths, at);
    const void *parent = known->d_parent;
    if (!append_name(bytes, capacity, known->d_name.name)) break;
    // A file without a directory, as of memfd_create(2), has a name all the same.
    if (parent == at) {
      result = 0;
      break;
    }
    at = parent;
  }
  bpf_iter_num_destroy(&steps);
  return result;
}

INLINED int64_t bpf_append_path(
    void *bytes, uint64_t capacity, const void *entry, const void *mount, bool isTrusted) {
  if (&bpf_rdonly_cast && &bpf_iter_num_new) return append_cast_path(bytes, capacity, entry, mount);
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
  if (&bpf_rdonly_cast) return CAST(path___paths, path)->dentry;
  return isTrusted ? from->dentry : COPIED(from->dentry);
}

INLINED const void *bpf_mount_of_path(const void *path, bool isTrusted) {
  const struct path___paths *from = path;
  if (&bpf_rdonly_cast) return CAST(path___paths, path)->mnt;
  return isTrusted ? from->mnt : COPIED(from->mnt);
}
