// SPDX-License-Identifier: Apache-2.0
// What BPF_OBJ_GET_INFO_BY_FD writes. ABI: include/uapi/linux/bpf.h, struct bpf_{prog,map,btf,link}_info.
#pragma once
#include <stdint.h>

struct cbpf_prog_info {
  uint32_t type, id;
  uint8_t tag[8];
  uint32_t jited_len, xlated_len;
  uint64_t jited, xlated;
  uint64_t load_time;
  uint32_t created_by_uid, nr_map_ids;
  uint64_t map_ids;
  uint8_t name[16];
  uint32_t ifindex;
  uint32_t gpl_compatible;  // bit 0
  uint64_t netns_dev, netns_ino;
  uint32_t nr_jited_ksyms, nr_jited_func_lens;
  uint64_t jited_ksyms, jited_func_lens;
  uint32_t btf_id, func_info_rec_size;
  uint64_t func_info;
  uint32_t nr_func_info, nr_line_info;
  uint64_t line_info, jited_line_info;
  uint32_t nr_jited_line_info, line_info_rec_size, jited_line_info_rec_size, nr_prog_tags;
  uint64_t prog_tags;
  uint64_t run_time_ns, run_cnt, recursion_misses;
  uint32_t verified_insns, attach_btf_obj_id, attach_btf_id, reserved;
};

struct cbpf_map_info {
  uint32_t type, id, key_size, value_size, max_entries, map_flags;
  uint8_t name[16];
  uint32_t ifindex, vmlinux_value_type_id;
  uint64_t netns_dev, netns_ino;
  uint32_t btf_id, key_type_id, value_type_id, btf_vmlinux_id;
  uint64_t map_extra;
  uint64_t hash;
  uint32_t hash_size, reserved;
};

struct cbpf_btf_info {
  uint64_t btf;
  uint32_t btf_size, id;
  uint64_t name;
  uint32_t name_len, kernel_btf;
};

struct cbpf_link_info {
  uint32_t type, id, prog_id, reserved;
  union {
    uint64_t words[6];
    struct {
      uint64_t tp_name;
      uint32_t tp_name_len, reserved;
      uint64_t cookie;
    } raw_tracepoint;
    struct {
      uint32_t attach_type, target_obj_id, target_btf_id, reserved;
      uint64_t cookie;
    } tracing;
    struct {
      uint64_t cgroup_id;
      uint32_t attach_type;
    } cgroup;
    struct {
      uint64_t target_name;
      uint32_t target_name_len;
      uint32_t map_id;
      union {
        struct {
          uint64_t cgroup_id;
          uint32_t order;
        } cgroup;
        struct {
          uint32_t tid, pid;
        } task;
      };
    } iter;
    struct {
      uint32_t netns_ino, attach_type;
    } netns;
    struct {
      uint32_t ifindex, attach_type;
    } device;  // xdp (no attach type), tcx, netkit
    struct {
      uint32_t map_id, attach_type;
    } map;  // struct_ops (no attach type), sockmap
    struct {
      uint32_t family, hook;
      int32_t priority;
      uint32_t flags;
    } netfilter;
    struct {
      uint64_t addrs;
      uint32_t count, flags;
      uint64_t missed, cookies;
    } kprobe_multi;
    struct {
      uint64_t path, offsets, ref_ctr_offsets, cookies;
      uint32_t path_size, count, flags, pid;
    } uprobe_multi;
    struct {
      uint32_t attach_type, count, btf_obj_id, reserved;
      uint64_t ids, addrs, cookies;
    } tracing_multi;
    struct {
      uint32_t type, reserved;
      union {
        struct {
          uint64_t name;
          uint32_t name_len, offset;
        } any;  // the start that all but plain events share
        struct {
          uint64_t name;
          uint32_t name_len, offset;
          uint64_t cookie, ref_ctr_offset;
        } uprobe;
        struct {
          uint64_t name;
          uint32_t name_len, offset;
          uint64_t addr, missed, cookie;
        } kprobe;
        struct {
          uint64_t name;
          uint32_t name_len, reserved;
          uint64_t cookie;
        } tracepoint;
        struct {
          uint64_t config;
          uint32_t type, reserved;
          uint64_t cookie;
        } event;
      };
    } perf_event;
  };
};
