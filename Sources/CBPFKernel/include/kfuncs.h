// SPDX-License-Identifier: Apache-2.0
// Written by Tools/helpers/generate from Tools/helpers/kfuncs.txt. Do not edit.
//
// Kernel functions. kfunc_NAME calls the kernel's NAME; kfunc_has_NAME tells whether this kernel has it, and settles it
// when the program is loaded: what stands behind it may call a function that is not there.
#pragma once
#include "structures.h"

/// Takes a reference to a task. To be given back.
///
/// - Returns: the task, or null if it is gone.
/// - Requires: Linux 6.2; a GPL-compatible license.
struct task_struct *_Nullable kfunc_bpf_task_acquire(struct task_struct *_Nonnull p);
bool kfunc_has_bpf_task_acquire(void);

/// Gives back a reference to a task.
///
/// - Requires: Linux 6.2; a GPL-compatible license.
void kfunc_bpf_task_release(struct task_struct *_Nonnull p);
bool kfunc_has_bpf_task_release(void);

/// Finds a task by its thread id in the initial PID namespace. To be given back by `bpf_task_release`.
///
/// - Returns: the task, or null.
/// - Requires: Linux 6.2; a GPL-compatible license.
struct task_struct *_Nullable kfunc_bpf_task_from_pid(int32_t pid);
bool kfunc_has_bpf_task_from_pid(void);

/// Finds a task by its thread id in the running thread's PID namespace. To be given back by `bpf_task_release`.
///
/// - Returns: the task, or null.
/// - Requires: Linux 6.13; a GPL-compatible license.
struct task_struct *_Nullable kfunc_bpf_task_from_vpid(int32_t vpid);
bool kfunc_has_bpf_task_from_vpid(void);

/// Whether a task is in or below a cgroup.
///
/// - Returns: 1 or 0.
/// - Requires: Linux 6.5; a GPL-compatible license.
long kfunc_bpf_task_under_cgroup(struct task_struct *_Nonnull task, struct cgroup *_Nonnull ancestor);
bool kfunc_has_bpf_task_under_cgroup(void);

/// A task's cgroup in a cgroup v1 hierarchy. To be given back by `bpf_cgroup_release`.
///
/// - Returns: the cgroup, or null.
/// - Requires: Linux 6.8; a GPL-compatible license.
struct cgroup *_Nullable kfunc_bpf_task_get_cgroup1(struct task_struct *_Nonnull task, int32_t hierarchy_id);
bool kfunc_has_bpf_task_get_cgroup1(void);

/// Takes a reference to a cgroup. To be given back.
///
/// - Returns: the cgroup, or null if it is gone.
/// - Requires: Linux 6.2; a GPL-compatible license.
struct cgroup *_Nullable kfunc_bpf_cgroup_acquire(struct cgroup *_Nonnull cgrp);
bool kfunc_has_bpf_cgroup_acquire(void);

/// Gives back a reference to a cgroup.
///
/// - Requires: Linux 6.2; a GPL-compatible license.
void kfunc_bpf_cgroup_release(struct cgroup *_Nonnull cgrp);
bool kfunc_has_bpf_cgroup_release(void);

/// The cgroup above, counted from the root (0). To be given back by `bpf_cgroup_release`.
///
/// - Returns: the cgroup, or null.
/// - Requires: Linux 6.2; a GPL-compatible license.
struct cgroup *_Nullable kfunc_bpf_cgroup_ancestor(struct cgroup *_Nonnull cgrp, int32_t level);
bool kfunc_has_bpf_cgroup_ancestor(void);

/// Finds a cgroup by its id. To be given back by `bpf_cgroup_release`.
///
/// - Returns: the cgroup, or null.
/// - Requires: Linux 6.4; a GPL-compatible license.
struct cgroup *_Nullable kfunc_bpf_cgroup_from_id(uint64_t cgid);
bool kfunc_has_bpf_cgroup_from_id(void);

/// Starts a stretch in which RCU-protected pointers stay valid.
///
/// - Requires: Linux 6.2; a GPL-compatible license.
void kfunc_bpf_rcu_read_lock(void);
bool kfunc_has_bpf_rcu_read_lock(void);

/// Ends that stretch.
///
/// - Requires: Linux 6.2; a GPL-compatible license.
void kfunc_bpf_rcu_read_unlock(void);
bool kfunc_has_bpf_rcu_read_unlock(void);

/// Starts a stretch in which the program keeps its processor.
///
/// - Requires: Linux 6.10; a GPL-compatible license.
void kfunc_bpf_preempt_disable(void);
bool kfunc_has_bpf_preempt_disable(void);

/// Ends that stretch.
///
/// - Requires: Linux 6.10; a GPL-compatible license.
void kfunc_bpf_preempt_enable(void);
bool kfunc_has_bpf_preempt_enable(void);

/// The kernel's object behind the context: `sk_buff`, `xdp_buff`.
///
/// - Returns: the object, to be read directly.
/// - Requires: Linux 6.2; a GPL-compatible license.
void *_Nonnull kfunc_bpf_cast_to_kern_ctx(void *_Nonnull obj);
bool kfunc_has_bpf_cast_to_kern_ctx(void);

/// Takes an address for an object of a kernel type, whose id is a constant: reads of it fault safely.
///
/// - Returns: the object, to be read directly.
/// - Requires: Linux 6.2; a GPL-compatible license.
void *_Nullable kfunc_bpf_rdonly_cast(const void *_Nullable obj__ign, uint32_t btf_id__k);
bool kfunc_has_bpf_rdonly_cast(void);

/// Ends the program with `cookie` as its answer.
///
/// - Requires: Linux 6.7; a GPL-compatible license.
void kfunc_bpf_throw(uint64_t cookie);
bool kfunc_has_bpf_throw(void);

/// The file that a task runs; LSM programs. To be given back by `bpf_put_file`.
///
/// - Returns: the file, or null.
/// - Requires: Linux 6.12; a GPL-compatible license.
struct file *_Nullable kfunc_bpf_get_task_exe_file(struct task_struct *_Nonnull task);
bool kfunc_has_bpf_get_task_exe_file(void);

/// Gives back a file.
///
/// - Requires: Linux 6.12; a GPL-compatible license.
void kfunc_bpf_put_file(struct file *_Nonnull file);
bool kfunc_has_bpf_put_file(void);

/// Writes the full path of a trusted `path`; LSM programs.
///
/// - Returns: bytes with the closing zero byte, or a negative errno.
/// - Requires: Linux 6.12; a GPL-compatible license.
int32_t kfunc_bpf_path_d_path(const struct path *_Nonnull path, char *_Nonnull buf, uint64_t buf__sz);
bool kfunc_has_bpf_path_d_path(void);

/// Reads an extended attribute of a file; sleepable LSM programs.
///
/// - Returns: bytes, or a negative errno.
/// - Requires: Linux 6.8; a GPL-compatible license.
int32_t kfunc_bpf_get_file_xattr(struct file *_Nonnull file, const char *_Nonnull name__str, struct bpf_dynptr *_Nonnull value_p);
bool kfunc_has_bpf_get_file_xattr(void);

/// Closes a TCP or UDP socket; iterators over them.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 6.5; a GPL-compatible license.
int32_t kfunc_bpf_sock_destroy(struct sock_common *_Nonnull sock);
bool kfunc_has_bpf_sock_destroy(void);

/// Changes the path of a Unix socket's address; `sa_kern` is `bpf_cast_to_kern_ctx` of the context.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 6.7; a GPL-compatible license.
int32_t kfunc_bpf_sock_addr_set_sun_path(struct bpf_sock_addr_kern *_Nonnull sa_kern, const uint8_t *_Nonnull sun_path, uint32_t sun_path__sz);
bool kfunc_has_bpf_sock_addr_set_sun_path(void);

/// Sends a signal to a task: `type` 0 to the thread, 1 to the process.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 6.13; a GPL-compatible license.
int32_t kfunc_bpf_send_signal_task(struct task_struct *_Nonnull task, int32_t sig, uint32_t type, uint64_t value);
bool kfunc_has_bpf_send_signal_task(void);

/// Copies a C string from the running process and may wait for its page; sleepable programs. `flags` 1: pads with zeroes.
///
/// - Returns: bytes with the closing zero byte, or a negative errno.
/// - Requires: Linux 6.12; a GPL-compatible license.
int32_t kfunc_bpf_copy_from_user_str(void *_Nonnull dst, uint32_t dst__sz, const void *_Nullable unsafe_ptr__ign, uint64_t flags);
bool kfunc_has_bpf_copy_from_user_str(void);

/// Starts a loop over numbers. To be ended by `bpf_iter_num_destroy`, whatever this answers.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 6.4; a GPL-compatible license.
int32_t kfunc_bpf_iter_num_new(struct bpf_iter_num *_Nonnull it, int32_t start, int32_t end);
bool kfunc_has_bpf_iter_num_new(void);

/// The next number.
///
/// - Returns: its place, or null: there are no more.
/// - Requires: Linux 6.4; a GPL-compatible license.
int32_t *_Nullable kfunc_bpf_iter_num_next(struct bpf_iter_num *_Nonnull it);
bool kfunc_has_bpf_iter_num_next(void);

/// Ends a loop over numbers.
///
/// - Requires: Linux 6.4; a GPL-compatible license.
void kfunc_bpf_iter_num_destroy(struct bpf_iter_num *_Nonnull it);
bool kfunc_has_bpf_iter_num_destroy(void);

/// Starts a loop over processes (`flags` 0), all threads (1) or a task's threads (2); within `bpf_rcu_read_lock`.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 6.7; a GPL-compatible license.
int32_t kfunc_bpf_iter_task_new(struct bpf_iter_task *_Nonnull it, struct task_struct *_Nullable task__nullable, uint32_t flags);
bool kfunc_has_bpf_iter_task_new(void);

/// The next task.
///
/// - Returns: the task, or null: there are no more.
/// - Requires: Linux 6.7; a GPL-compatible license.
struct task_struct *_Nullable kfunc_bpf_iter_task_next(struct bpf_iter_task *_Nonnull it);
bool kfunc_has_bpf_iter_task_next(void);

/// Ends a loop over tasks.
///
/// - Requires: Linux 6.7; a GPL-compatible license.
void kfunc_bpf_iter_task_destroy(struct bpf_iter_task *_Nonnull it);
bool kfunc_has_bpf_iter_task_destroy(void);

/// Starts a loop over a task's mappings, from an address on.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 6.7; a GPL-compatible license.
int32_t kfunc_bpf_iter_task_vma_new(struct bpf_iter_task_vma *_Nonnull it, struct task_struct *_Nonnull task, uint64_t addr);
bool kfunc_has_bpf_iter_task_vma_new(void);

/// The next mapping.
///
/// - Returns: the mapping, or null: there are no more.
/// - Requires: Linux 6.7; a GPL-compatible license.
struct vm_area_struct *_Nullable kfunc_bpf_iter_task_vma_next(struct bpf_iter_task_vma *_Nonnull it);
bool kfunc_has_bpf_iter_task_vma_next(void);

/// Ends a loop over mappings.
///
/// - Requires: Linux 6.7; a GPL-compatible license.
void kfunc_bpf_iter_task_vma_destroy(struct bpf_iter_task_vma *_Nonnull it);
bool kfunc_has_bpf_iter_task_vma_destroy(void);

/// A dynptr over a packet.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 6.4; a GPL-compatible license.
int32_t kfunc_bpf_dynptr_from_skb(struct __sk_buff *_Nonnull s, uint64_t flags, struct bpf_dynptr *_Nonnull ptr__uninit);
bool kfunc_has_bpf_dynptr_from_skb(void);

/// A dynptr over a packet.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 6.4; a GPL-compatible license.
int32_t kfunc_bpf_dynptr_from_xdp(struct xdp_md *_Nonnull x, uint64_t flags, struct bpf_dynptr *_Nonnull ptr__uninit);
bool kfunc_has_bpf_dynptr_from_xdp(void);

/// Bytes of a dynptr: in place, or copied to the buffer if they are not in one piece.
///
/// - Returns: their address, or null.
/// - Requires: Linux 6.4; a GPL-compatible license.
void *_Nullable kfunc_bpf_dynptr_slice(const struct bpf_dynptr *_Nonnull p, uint32_t offset, void *_Nullable buffer__opt, uint32_t buffer__szk);
bool kfunc_has_bpf_dynptr_slice(void);

/// The same, to be written to.
///
/// - Returns: their address, or null.
/// - Requires: Linux 6.4; a GPL-compatible license.
void *_Nullable kfunc_bpf_dynptr_slice_rdwr(const struct bpf_dynptr *_Nonnull p, uint32_t offset, void *_Nullable buffer__opt, uint32_t buffer__szk);
bool kfunc_has_bpf_dynptr_slice_rdwr(void);

/// Narrows a dynptr.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 6.5; a GPL-compatible license.
int32_t kfunc_bpf_dynptr_adjust(const struct bpf_dynptr *_Nonnull p, uint32_t start, uint32_t end);
bool kfunc_has_bpf_dynptr_adjust(void);

/// A second dynptr over the same bytes.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 6.5; a GPL-compatible license.
int32_t kfunc_bpf_dynptr_clone(const struct bpf_dynptr *_Nonnull p, struct bpf_dynptr *_Nonnull clone__uninit);
bool kfunc_has_bpf_dynptr_clone(void);

/// Whether a dynptr points to nothing.
///
/// - Returns: whether it does.
/// - Requires: Linux 6.5; a GPL-compatible license.
bool kfunc_bpf_dynptr_is_null(const struct bpf_dynptr *_Nonnull p);
bool kfunc_has_bpf_dynptr_is_null(void);

/// Whether a dynptr is read-only.
///
/// - Returns: whether it is.
/// - Requires: Linux 6.5; a GPL-compatible license.
bool kfunc_bpf_dynptr_is_rdonly(const struct bpf_dynptr *_Nonnull p);
bool kfunc_has_bpf_dynptr_is_rdonly(void);

/// Bytes of a dynptr.
///
/// - Returns: their number.
/// - Requires: Linux 6.5; a GPL-compatible license.
uint32_t kfunc_bpf_dynptr_size(const struct bpf_dynptr *_Nonnull p);
bool kfunc_has_bpf_dynptr_size(void);

/// How many elements a kernel `struct bpf_map` has.
///
/// - Returns: their number.
/// - Requires: Linux 6.6; a GPL-compatible license.
int64_t kfunc_bpf_map_sum_elem_count(const struct bpf_map *_Nonnull map);
bool kfunc_has_bpf_map_sum_elem_count(void);

/// Whether a session program runs at the function's end.
///
/// - Returns: whether it does.
/// - Requires: Linux 6.10; a GPL-compatible license.
bool kfunc_bpf_session_is_return(void);
bool kfunc_has_bpf_session_is_return(void);

/// Eight bytes that a session's start leaves for its end.
///
/// - Returns: their place.
/// - Requires: Linux 6.10; a GPL-compatible license.
uint64_t *_Nullable kfunc_bpf_session_cookie(void);
bool kfunc_has_bpf_session_cookie(void);

/// Makes an empty set of processors. To be given back.
///
/// - Returns: the set, or null.
/// - Requires: Linux 6.3; a GPL-compatible license.
struct bpf_cpumask *_Nullable kfunc_bpf_cpumask_create(void);
bool kfunc_has_bpf_cpumask_create(void);

/// Gives back a set of processors.
///
/// - Requires: Linux 6.3; a GPL-compatible license.
void kfunc_bpf_cpumask_release(struct bpf_cpumask *_Nonnull cpumask);
bool kfunc_has_bpf_cpumask_release(void);

/// Adds a processor.
///
/// - Requires: Linux 6.3; a GPL-compatible license.
void kfunc_bpf_cpumask_set_cpu(uint32_t cpu, struct bpf_cpumask *_Nonnull cpumask);
bool kfunc_has_bpf_cpumask_set_cpu(void);

/// Removes a processor.
///
/// - Requires: Linux 6.3; a GPL-compatible license.
void kfunc_bpf_cpumask_clear_cpu(uint32_t cpu, struct bpf_cpumask *_Nonnull cpumask);
bool kfunc_has_bpf_cpumask_clear_cpu(void);

/// Whether a processor is in a set.
///
/// - Returns: whether it is.
/// - Requires: Linux 6.3; a GPL-compatible license.
bool kfunc_bpf_cpumask_test_cpu(uint32_t cpu, const struct cpumask *_Nonnull cpumask);
bool kfunc_has_bpf_cpumask_test_cpu(void);

/// The first processor of a set.
///
/// - Returns: its number, or above all numbers.
/// - Requires: Linux 6.3; a GPL-compatible license.
uint32_t kfunc_bpf_cpumask_first(const struct cpumask *_Nonnull cpumask);
bool kfunc_has_bpf_cpumask_first(void);

/// How many processors a set has.
///
/// - Returns: their number.
/// - Requires: Linux 6.8; a GPL-compatible license.
uint32_t kfunc_bpf_cpumask_weight(const struct cpumask *_Nonnull cpumask);
bool kfunc_has_bpf_cpumask_weight(void);

/// When the device received the packet; programs that are bound to a device.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 6.3; a GPL-compatible license.
int32_t kfunc_bpf_xdp_metadata_rx_timestamp(const struct xdp_md *_Nonnull ctx, uint64_t *_Nonnull timestamp);
bool kfunc_has_bpf_xdp_metadata_rx_timestamp(void);

/// The device's flow hash; programs that are bound to a device.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 6.3; a GPL-compatible license.
int32_t kfunc_bpf_xdp_metadata_rx_hash(const struct xdp_md *_Nonnull ctx, uint32_t *_Nonnull hash, uint32_t *_Nonnull rss_type);
bool kfunc_has_bpf_xdp_metadata_rx_hash(void);

/// The length of a C string of the kernel's memory.
///
/// - Returns: bytes, or a negative errno.
/// - Requires: Linux 6.17; a GPL-compatible license.
int32_t kfunc_bpf_strlen(const char *_Nullable s__ign);
bool kfunc_has_bpf_strlen(void);

/// Compares two C strings of the kernel's memory.
///
/// - Returns: -1, 0 or 1, or another negative errno.
/// - Requires: Linux 6.17; a GPL-compatible license.
int32_t kfunc_bpf_strcmp(const char *_Nullable s1__ign, const char *_Nullable s2__ign);
bool kfunc_has_bpf_strcmp(void);

/// Finds a C string in another.
///
/// - Returns: where it starts, or a negative errno.
/// - Requires: Linux 6.17; a GPL-compatible license.
int32_t kfunc_bpf_strstr(const char *_Nullable s1__ign, const char *_Nullable s2__ign);
bool kfunc_has_bpf_strstr(void);

/// Prepares a work queue item of a map value.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 6.10; a GPL-compatible license.
int32_t kfunc_bpf_wq_init(struct bpf_wq *_Nonnull wq, const void *_Nonnull p__map, uint32_t flags);
bool kfunc_has_bpf_wq_init(void);

/// Lets the item's function run soon.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 6.10; a GPL-compatible license.
int32_t kfunc_bpf_wq_start(struct bpf_wq *_Nonnull wq, uint32_t flags);
bool kfunc_has_bpf_wq_start(void);

