// SPDX-License-Identifier: Apache-2.0
// Written by Tools/helpers/generate from Tools/helpers/kfuncs.txt. Do not edit.

import BPFValues

extension KernelFunctions {
  static let releases: [(since: KernelVersion, names: [String])] = [
    (
      KernelVersion(6, 2),
      [
        "bpf_cast_to_kern_ctx",
        "bpf_cgroup_acquire",
        "bpf_cgroup_ancestor",
        "bpf_cgroup_release",
        "bpf_rcu_read_lock",
        "bpf_rcu_read_unlock",
        "bpf_rdonly_cast",
        "bpf_task_acquire",
        "bpf_task_from_pid",
        "bpf_task_release",
      ]
    ),
    (
      KernelVersion(6, 3),
      [
        "bpf_cpumask_clear_cpu",
        "bpf_cpumask_create",
        "bpf_cpumask_first",
        "bpf_cpumask_release",
        "bpf_cpumask_set_cpu",
        "bpf_cpumask_test_cpu",
        "bpf_xdp_metadata_rx_hash",
        "bpf_xdp_metadata_rx_timestamp",
      ]
    ),
    (
      KernelVersion(6, 4),
      [
        "bpf_cgroup_from_id",
        "bpf_dynptr_from_skb",
        "bpf_dynptr_from_xdp",
        "bpf_dynptr_slice",
        "bpf_dynptr_slice_rdwr",
        "bpf_iter_num_destroy",
        "bpf_iter_num_new",
        "bpf_iter_num_next",
      ]
    ),
    (
      KernelVersion(6, 5),
      [
        "bpf_dynptr_adjust",
        "bpf_dynptr_clone",
        "bpf_dynptr_is_null",
        "bpf_dynptr_is_rdonly",
        "bpf_dynptr_size",
        "bpf_sock_destroy",
        "bpf_task_under_cgroup",
      ]
    ),
    (
      KernelVersion(6, 6),
      [
        "bpf_map_sum_elem_count"
      ]
    ),
    (
      KernelVersion(6, 7),
      [
        "bpf_iter_task_destroy",
        "bpf_iter_task_new",
        "bpf_iter_task_next",
        "bpf_iter_task_vma_destroy",
        "bpf_iter_task_vma_new",
        "bpf_iter_task_vma_next",
        "bpf_sock_addr_set_sun_path",
        "bpf_throw",
      ]
    ),
    (
      KernelVersion(6, 8),
      [
        "bpf_cpumask_weight",
        "bpf_get_file_xattr",
        "bpf_task_get_cgroup1",
      ]
    ),
    (
      KernelVersion(6, 10),
      [
        "bpf_preempt_disable",
        "bpf_preempt_enable",
        "bpf_session_cookie",
        "bpf_session_is_return",
        "bpf_wq_init",
        "bpf_wq_start",
      ]
    ),
    (
      KernelVersion(6, 12),
      [
        "bpf_copy_from_user_str",
        "bpf_get_task_exe_file",
        "bpf_path_d_path",
        "bpf_put_file",
      ]
    ),
    (
      KernelVersion(6, 13),
      [
        "bpf_send_signal_task",
        "bpf_task_from_vpid",
      ]
    ),
    (
      KernelVersion(6, 17),
      [
        "bpf_strcmp",
        "bpf_strlen",
        "bpf_strstr",
      ]
    ),
  ]
}
