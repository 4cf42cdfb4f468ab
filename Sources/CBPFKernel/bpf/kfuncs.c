// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Written by Tools/helpers/generate from Tools/helpers/kfuncs.txt. Do not edit.
#include "kfuncs.h"
#include "support.h"

// Loaders compare these with the kernel's types, and whether they are declared only, but not what is in them.
enum pid_type { pid_type_any };
enum xdp_rss_hash_type { xdp_rss_hash_type_any };
struct __sk_buff {};
struct bpf_cpumask {};
struct bpf_map {};
struct bpf_sock_addr_kern {};
struct cgroup {};
struct cpumask {};
struct file {};
struct path {};
struct sock_common {};
struct task_struct {};
struct vm_area_struct {};
struct xdp_md {};

extern struct task_struct * bpf_task_acquire(struct task_struct * p) KSYM;
extern void bpf_task_release(struct task_struct * p) KSYM;
extern struct task_struct * bpf_task_from_pid(int32_t pid) KSYM;
extern struct task_struct * bpf_task_from_vpid(int32_t vpid) KSYM;
extern long bpf_task_under_cgroup(struct task_struct * task, struct cgroup * ancestor) KSYM;
extern struct cgroup * bpf_task_get_cgroup1(struct task_struct * task, int32_t hierarchy_id) KSYM;
extern struct cgroup * bpf_cgroup_acquire(struct cgroup * cgrp) KSYM;
extern void bpf_cgroup_release(struct cgroup * cgrp) KSYM;
extern struct cgroup * bpf_cgroup_ancestor(struct cgroup * cgrp, int32_t level) KSYM;
extern struct cgroup * bpf_cgroup_from_id(uint64_t cgid) KSYM;
extern void bpf_rcu_read_lock(void) KSYM;
extern void bpf_rcu_read_unlock(void) KSYM;
extern void bpf_preempt_disable(void) KSYM;
extern void bpf_preempt_enable(void) KSYM;
extern void * bpf_cast_to_kern_ctx(void * obj) KSYM;
extern void * bpf_rdonly_cast(const void * obj__ign, uint32_t btf_id__k) KSYM;
extern void bpf_throw(uint64_t cookie) KSYM;
extern struct file * bpf_get_task_exe_file(struct task_struct * task) KSYM;
extern void bpf_put_file(struct file * file) KSYM;
extern int32_t bpf_path_d_path(const struct path * path, char * buf, uint64_t buf__sz) KSYM;
extern int32_t bpf_get_file_xattr(struct file * file, const char * name__str, struct bpf_dynptr * value_p) KSYM;
extern int32_t bpf_sock_destroy(struct sock_common * sock) KSYM;
extern int32_t bpf_sock_addr_set_sun_path(struct bpf_sock_addr_kern * sa_kern, const uint8_t * sun_path, uint32_t sun_path__sz) KSYM;
extern int32_t bpf_send_signal_task(struct task_struct * task, int32_t sig, enum pid_type type, uint64_t value) KSYM;
extern int32_t bpf_copy_from_user_str(void * dst, uint32_t dst__sz, const void * unsafe_ptr__ign, uint64_t flags) KSYM;
extern int32_t bpf_iter_num_new(struct bpf_iter_num * it, int32_t start, int32_t end) KSYM;
extern int32_t * bpf_iter_num_next(struct bpf_iter_num * it) KSYM;
extern void bpf_iter_num_destroy(struct bpf_iter_num * it) KSYM;
extern int32_t bpf_iter_task_new(struct bpf_iter_task * it, struct task_struct * task__nullable, uint32_t flags) KSYM;
extern struct task_struct * bpf_iter_task_next(struct bpf_iter_task * it) KSYM;
extern void bpf_iter_task_destroy(struct bpf_iter_task * it) KSYM;
extern int32_t bpf_iter_task_vma_new(struct bpf_iter_task_vma * it, struct task_struct * task, uint64_t addr) KSYM;
extern struct vm_area_struct * bpf_iter_task_vma_next(struct bpf_iter_task_vma * it) KSYM;
extern void bpf_iter_task_vma_destroy(struct bpf_iter_task_vma * it) KSYM;
extern int32_t bpf_dynptr_from_skb(struct __sk_buff * s, uint64_t flags, struct bpf_dynptr * ptr__uninit) KSYM;
extern int32_t bpf_dynptr_from_xdp(struct xdp_md * x, uint64_t flags, struct bpf_dynptr * ptr__uninit) KSYM;
extern void * bpf_dynptr_slice(const struct bpf_dynptr * p, uint32_t offset, void * buffer__opt, uint32_t buffer__szk) KSYM;
extern void * bpf_dynptr_slice_rdwr(const struct bpf_dynptr * p, uint32_t offset, void * buffer__opt, uint32_t buffer__szk) KSYM;
extern int32_t bpf_dynptr_adjust(const struct bpf_dynptr * p, uint32_t start, uint32_t end) KSYM;
extern int32_t bpf_dynptr_clone(const struct bpf_dynptr * p, struct bpf_dynptr * clone__uninit) KSYM;
extern bool bpf_dynptr_is_null(const struct bpf_dynptr * p) KSYM;
extern bool bpf_dynptr_is_rdonly(const struct bpf_dynptr * p) KSYM;
extern uint32_t bpf_dynptr_size(const struct bpf_dynptr * p) KSYM;
extern int64_t bpf_map_sum_elem_count(const struct bpf_map * map) KSYM;
extern bool bpf_session_is_return(void) KSYM;
extern uint64_t * bpf_session_cookie(void) KSYM;
extern struct bpf_cpumask * bpf_cpumask_create(void) KSYM;
extern void bpf_cpumask_release(struct bpf_cpumask * cpumask) KSYM;
extern void bpf_cpumask_set_cpu(uint32_t cpu, struct bpf_cpumask * cpumask) KSYM;
extern void bpf_cpumask_clear_cpu(uint32_t cpu, struct bpf_cpumask * cpumask) KSYM;
extern bool bpf_cpumask_test_cpu(uint32_t cpu, const struct cpumask * cpumask) KSYM;
extern uint32_t bpf_cpumask_first(const struct cpumask * cpumask) KSYM;
extern uint32_t bpf_cpumask_weight(const struct cpumask * cpumask) KSYM;
extern int32_t bpf_xdp_metadata_rx_timestamp(const struct xdp_md * ctx, uint64_t * timestamp) KSYM;
extern int32_t bpf_xdp_metadata_rx_hash(const struct xdp_md * ctx, uint32_t * hash, enum xdp_rss_hash_type* rss_type) KSYM;
extern int32_t bpf_strlen(const char * s__ign) KSYM;
extern int32_t bpf_strcmp(const char * s1__ign, const char * s2__ign) KSYM;
extern int32_t bpf_strstr(const char * s1__ign, const char * s2__ign) KSYM;
extern int32_t bpf_wq_init(struct bpf_wq * wq, const void * p__map, uint32_t flags) KSYM;
extern int32_t bpf_wq_start(struct bpf_wq * wq, uint32_t flags) KSYM;

INLINED struct task_struct * kfunc_bpf_task_acquire(struct task_struct * p) { return bpf_task_acquire(p); }
INLINED bool kfunc_has_bpf_task_acquire(void) { return &bpf_task_acquire != 0; }

INLINED void kfunc_bpf_task_release(struct task_struct * p) { bpf_task_release(p); }
INLINED bool kfunc_has_bpf_task_release(void) { return &bpf_task_release != 0; }

INLINED struct task_struct * kfunc_bpf_task_from_pid(int32_t pid) { return bpf_task_from_pid(pid); }
INLINED bool kfunc_has_bpf_task_from_pid(void) { return &bpf_task_from_pid != 0; }

INLINED struct task_struct * kfunc_bpf_task_from_vpid(int32_t vpid) { return bpf_task_from_vpid(vpid); }
INLINED bool kfunc_has_bpf_task_from_vpid(void) { return &bpf_task_from_vpid != 0; }

INLINED long kfunc_bpf_task_under_cgroup(struct task_struct * task, struct cgroup * ancestor) { return bpf_task_under_cgroup(task, ancestor); }
INLINED bool kfunc_has_bpf_task_under_cgroup(void) { return &bpf_task_under_cgroup != 0; }

INLINED struct cgroup * kfunc_bpf_task_get_cgroup1(struct task_struct * task, int32_t hierarchy_id) { return bpf_task_get_cgroup1(task, hierarchy_id); }
INLINED bool kfunc_has_bpf_task_get_cgroup1(void) { return &bpf_task_get_cgroup1 != 0; }

INLINED struct cgroup * kfunc_bpf_cgroup_acquire(struct cgroup * cgrp) { return bpf_cgroup_acquire(cgrp); }
INLINED bool kfunc_has_bpf_cgroup_acquire(void) { return &bpf_cgroup_acquire != 0; }

INLINED void kfunc_bpf_cgroup_release(struct cgroup * cgrp) { bpf_cgroup_release(cgrp); }
INLINED bool kfunc_has_bpf_cgroup_release(void) { return &bpf_cgroup_release != 0; }

INLINED struct cgroup * kfunc_bpf_cgroup_ancestor(struct cgroup * cgrp, int32_t level) { return bpf_cgroup_ancestor(cgrp, level); }
INLINED bool kfunc_has_bpf_cgroup_ancestor(void) { return &bpf_cgroup_ancestor != 0; }

INLINED struct cgroup * kfunc_bpf_cgroup_from_id(uint64_t cgid) { return bpf_cgroup_from_id(cgid); }
INLINED bool kfunc_has_bpf_cgroup_from_id(void) { return &bpf_cgroup_from_id != 0; }

INLINED void kfunc_bpf_rcu_read_lock(void) { bpf_rcu_read_lock(); }
INLINED bool kfunc_has_bpf_rcu_read_lock(void) { return &bpf_rcu_read_lock != 0; }

INLINED void kfunc_bpf_rcu_read_unlock(void) { bpf_rcu_read_unlock(); }
INLINED bool kfunc_has_bpf_rcu_read_unlock(void) { return &bpf_rcu_read_unlock != 0; }

INLINED void kfunc_bpf_preempt_disable(void) { bpf_preempt_disable(); }
INLINED bool kfunc_has_bpf_preempt_disable(void) { return &bpf_preempt_disable != 0; }

INLINED void kfunc_bpf_preempt_enable(void) { bpf_preempt_enable(); }
INLINED bool kfunc_has_bpf_preempt_enable(void) { return &bpf_preempt_enable != 0; }

INLINED void * kfunc_bpf_cast_to_kern_ctx(void * obj) { return bpf_cast_to_kern_ctx(obj); }
INLINED bool kfunc_has_bpf_cast_to_kern_ctx(void) { return &bpf_cast_to_kern_ctx != 0; }

INLINED void * kfunc_bpf_rdonly_cast(const void * obj__ign, uint32_t btf_id__k) { return bpf_rdonly_cast(obj__ign, btf_id__k); }
INLINED bool kfunc_has_bpf_rdonly_cast(void) { return &bpf_rdonly_cast != 0; }

INLINED void kfunc_bpf_throw(uint64_t cookie) { bpf_throw(cookie); }
INLINED bool kfunc_has_bpf_throw(void) { return &bpf_throw != 0; }

INLINED struct file * kfunc_bpf_get_task_exe_file(struct task_struct * task) { return bpf_get_task_exe_file(task); }
INLINED bool kfunc_has_bpf_get_task_exe_file(void) { return &bpf_get_task_exe_file != 0; }

INLINED void kfunc_bpf_put_file(struct file * file) { bpf_put_file(file); }
INLINED bool kfunc_has_bpf_put_file(void) { return &bpf_put_file != 0; }

INLINED int32_t kfunc_bpf_path_d_path(const struct path * path, char * buf, uint64_t buf__sz) { return bpf_path_d_path(path, buf, buf__sz); }
INLINED bool kfunc_has_bpf_path_d_path(void) { return &bpf_path_d_path != 0; }

INLINED int32_t kfunc_bpf_get_file_xattr(struct file * file, const char * name__str, struct bpf_dynptr * value_p) { return bpf_get_file_xattr(file, name__str, value_p); }
INLINED bool kfunc_has_bpf_get_file_xattr(void) { return &bpf_get_file_xattr != 0; }

INLINED int32_t kfunc_bpf_sock_destroy(struct sock_common * sock) { return bpf_sock_destroy(sock); }
INLINED bool kfunc_has_bpf_sock_destroy(void) { return &bpf_sock_destroy != 0; }

INLINED int32_t kfunc_bpf_sock_addr_set_sun_path(struct bpf_sock_addr_kern * sa_kern, const uint8_t * sun_path, uint32_t sun_path__sz) { return bpf_sock_addr_set_sun_path(sa_kern, sun_path, sun_path__sz); }
INLINED bool kfunc_has_bpf_sock_addr_set_sun_path(void) { return &bpf_sock_addr_set_sun_path != 0; }

INLINED int32_t kfunc_bpf_send_signal_task(struct task_struct * task, int32_t sig, uint32_t type, uint64_t value) { return bpf_send_signal_task(task, sig, (enum pid_type)type, value); }
INLINED bool kfunc_has_bpf_send_signal_task(void) { return &bpf_send_signal_task != 0; }

INLINED int32_t kfunc_bpf_copy_from_user_str(void * dst, uint32_t dst__sz, const void * unsafe_ptr__ign, uint64_t flags) { return bpf_copy_from_user_str(dst, dst__sz, unsafe_ptr__ign, flags); }
INLINED bool kfunc_has_bpf_copy_from_user_str(void) { return &bpf_copy_from_user_str != 0; }

INLINED int32_t kfunc_bpf_iter_num_new(struct bpf_iter_num * it, int32_t start, int32_t end) { return bpf_iter_num_new(it, start, end); }
INLINED bool kfunc_has_bpf_iter_num_new(void) { return &bpf_iter_num_new != 0; }

INLINED int32_t * kfunc_bpf_iter_num_next(struct bpf_iter_num * it) { return bpf_iter_num_next(it); }
INLINED bool kfunc_has_bpf_iter_num_next(void) { return &bpf_iter_num_next != 0; }

INLINED void kfunc_bpf_iter_num_destroy(struct bpf_iter_num * it) { bpf_iter_num_destroy(it); }
INLINED bool kfunc_has_bpf_iter_num_destroy(void) { return &bpf_iter_num_destroy != 0; }

INLINED int32_t kfunc_bpf_iter_task_new(struct bpf_iter_task * it, struct task_struct * task__nullable, uint32_t flags) { return bpf_iter_task_new(it, task__nullable, flags); }
INLINED bool kfunc_has_bpf_iter_task_new(void) { return &bpf_iter_task_new != 0; }

INLINED struct task_struct * kfunc_bpf_iter_task_next(struct bpf_iter_task * it) { return bpf_iter_task_next(it); }
INLINED bool kfunc_has_bpf_iter_task_next(void) { return &bpf_iter_task_next != 0; }

INLINED void kfunc_bpf_iter_task_destroy(struct bpf_iter_task * it) { bpf_iter_task_destroy(it); }
INLINED bool kfunc_has_bpf_iter_task_destroy(void) { return &bpf_iter_task_destroy != 0; }

INLINED int32_t kfunc_bpf_iter_task_vma_new(struct bpf_iter_task_vma * it, struct task_struct * task, uint64_t addr) { return bpf_iter_task_vma_new(it, task, addr); }
INLINED bool kfunc_has_bpf_iter_task_vma_new(void) { return &bpf_iter_task_vma_new != 0; }

INLINED struct vm_area_struct * kfunc_bpf_iter_task_vma_next(struct bpf_iter_task_vma * it) { return bpf_iter_task_vma_next(it); }
INLINED bool kfunc_has_bpf_iter_task_vma_next(void) { return &bpf_iter_task_vma_next != 0; }

INLINED void kfunc_bpf_iter_task_vma_destroy(struct bpf_iter_task_vma * it) { bpf_iter_task_vma_destroy(it); }
INLINED bool kfunc_has_bpf_iter_task_vma_destroy(void) { return &bpf_iter_task_vma_destroy != 0; }

INLINED int32_t kfunc_bpf_dynptr_from_skb(struct __sk_buff * s, uint64_t flags, struct bpf_dynptr * ptr__uninit) { return bpf_dynptr_from_skb(s, flags, ptr__uninit); }
INLINED bool kfunc_has_bpf_dynptr_from_skb(void) { return &bpf_dynptr_from_skb != 0; }

INLINED int32_t kfunc_bpf_dynptr_from_xdp(struct xdp_md * x, uint64_t flags, struct bpf_dynptr * ptr__uninit) { return bpf_dynptr_from_xdp(x, flags, ptr__uninit); }
INLINED bool kfunc_has_bpf_dynptr_from_xdp(void) { return &bpf_dynptr_from_xdp != 0; }

INLINED void * kfunc_bpf_dynptr_slice(const struct bpf_dynptr * p, uint32_t offset, void * buffer__opt, uint32_t buffer__szk) { return bpf_dynptr_slice(p, offset, buffer__opt, buffer__szk); }
INLINED bool kfunc_has_bpf_dynptr_slice(void) { return &bpf_dynptr_slice != 0; }

INLINED void * kfunc_bpf_dynptr_slice_rdwr(const struct bpf_dynptr * p, uint32_t offset, void * buffer__opt, uint32_t buffer__szk) { return bpf_dynptr_slice_rdwr(p, offset, buffer__opt, buffer__szk); }
INLINED bool kfunc_has_bpf_dynptr_slice_rdwr(void) { return &bpf_dynptr_slice_rdwr != 0; }

INLINED int32_t kfunc_bpf_dynptr_adjust(const struct bpf_dynptr * p, uint32_t start, uint32_t end) { return bpf_dynptr_adjust(p, start, end); }
INLINED bool kfunc_has_bpf_dynptr_adjust(void) { return &bpf_dynptr_adjust != 0; }

INLINED int32_t kfunc_bpf_dynptr_clone(const struct bpf_dynptr * p, struct bpf_dynptr * clone__uninit) { return bpf_dynptr_clone(p, clone__uninit); }
INLINED bool kfunc_has_bpf_dynptr_clone(void) { return &bpf_dynptr_clone != 0; }

INLINED bool kfunc_bpf_dynptr_is_null(const struct bpf_dynptr * p) { return bpf_dynptr_is_null(p); }
INLINED bool kfunc_has_bpf_dynptr_is_null(void) { return &bpf_dynptr_is_null != 0; }

INLINED bool kfunc_bpf_dynptr_is_rdonly(const struct bpf_dynptr * p) { return bpf_dynptr_is_rdonly(p); }
INLINED bool kfunc_has_bpf_dynptr_is_rdonly(void) { return &bpf_dynptr_is_rdonly != 0; }

INLINED uint32_t kfunc_bpf_dynptr_size(const struct bpf_dynptr * p) { return bpf_dynptr_size(p); }
INLINED bool kfunc_has_bpf_dynptr_size(void) { return &bpf_dynptr_size != 0; }

INLINED int64_t kfunc_bpf_map_sum_elem_count(const struct bpf_map * map) { return bpf_map_sum_elem_count(map); }
INLINED bool kfunc_has_bpf_map_sum_elem_count(void) { return &bpf_map_sum_elem_count != 0; }

INLINED bool kfunc_bpf_session_is_return(void) { return bpf_session_is_return(); }
INLINED bool kfunc_has_bpf_session_is_return(void) { return &bpf_session_is_return != 0; }

INLINED uint64_t * kfunc_bpf_session_cookie(void) { return bpf_session_cookie(); }
INLINED bool kfunc_has_bpf_session_cookie(void) { return &bpf_session_cookie != 0; }

INLINED struct bpf_cpumask * kfunc_bpf_cpumask_create(void) { return bpf_cpumask_create(); }
INLINED bool kfunc_has_bpf_cpumask_create(void) { return &bpf_cpumask_create != 0; }

INLINED void kfunc_bpf_cpumask_release(struct bpf_cpumask * cpumask) { bpf_cpumask_release(cpumask); }
INLINED bool kfunc_has_bpf_cpumask_release(void) { return &bpf_cpumask_release != 0; }

INLINED void kfunc_bpf_cpumask_set_cpu(uint32_t cpu, struct bpf_cpumask * cpumask) { bpf_cpumask_set_cpu(cpu, cpumask); }
INLINED bool kfunc_has_bpf_cpumask_set_cpu(void) { return &bpf_cpumask_set_cpu != 0; }

INLINED void kfunc_bpf_cpumask_clear_cpu(uint32_t cpu, struct bpf_cpumask * cpumask) { bpf_cpumask_clear_cpu(cpu, cpumask); }
INLINED bool kfunc_has_bpf_cpumask_clear_cpu(void) { return &bpf_cpumask_clear_cpu != 0; }

INLINED bool kfunc_bpf_cpumask_test_cpu(uint32_t cpu, const struct cpumask * cpumask) { return bpf_cpumask_test_cpu(cpu, cpumask); }
INLINED bool kfunc_has_bpf_cpumask_test_cpu(void) { return &bpf_cpumask_test_cpu != 0; }

INLINED uint32_t kfunc_bpf_cpumask_first(const struct cpumask * cpumask) { return bpf_cpumask_first(cpumask); }
INLINED bool kfunc_has_bpf_cpumask_first(void) { return &bpf_cpumask_first != 0; }

INLINED uint32_t kfunc_bpf_cpumask_weight(const struct cpumask * cpumask) { return bpf_cpumask_weight(cpumask); }
INLINED bool kfunc_has_bpf_cpumask_weight(void) { return &bpf_cpumask_weight != 0; }

INLINED int32_t kfunc_bpf_xdp_metadata_rx_timestamp(const struct xdp_md * ctx, uint64_t * timestamp) { return bpf_xdp_metadata_rx_timestamp(ctx, timestamp); }
INLINED bool kfunc_has_bpf_xdp_metadata_rx_timestamp(void) { return &bpf_xdp_metadata_rx_timestamp != 0; }

INLINED int32_t kfunc_bpf_xdp_metadata_rx_hash(const struct xdp_md * ctx, uint32_t * hash, uint32_t * rss_type) { return bpf_xdp_metadata_rx_hash(ctx, hash, (enum xdp_rss_hash_type*)rss_type); }
INLINED bool kfunc_has_bpf_xdp_metadata_rx_hash(void) { return &bpf_xdp_metadata_rx_hash != 0; }

INLINED int32_t kfunc_bpf_strlen(const char * s__ign) { return bpf_strlen(s__ign); }
INLINED bool kfunc_has_bpf_strlen(void) { return &bpf_strlen != 0; }

INLINED int32_t kfunc_bpf_strcmp(const char * s1__ign, const char * s2__ign) { return bpf_strcmp(s1__ign, s2__ign); }
INLINED bool kfunc_has_bpf_strcmp(void) { return &bpf_strcmp != 0; }

INLINED int32_t kfunc_bpf_strstr(const char * s1__ign, const char * s2__ign) { return bpf_strstr(s1__ign, s2__ign); }
INLINED bool kfunc_has_bpf_strstr(void) { return &bpf_strstr != 0; }

INLINED int32_t kfunc_bpf_wq_init(struct bpf_wq * wq, const void * p__map, uint32_t flags) { return bpf_wq_init(wq, p__map, flags); }
INLINED bool kfunc_has_bpf_wq_init(void) { return &bpf_wq_init != 0; }

INLINED int32_t kfunc_bpf_wq_start(struct bpf_wq * wq, uint32_t flags) { return bpf_wq_start(wq, flags); }
INLINED bool kfunc_has_bpf_wq_start(void) { return &bpf_wq_start != 0; }
