// SPDX-License-Identifier: Apache-2.0
// What bpf(2) reads, one structure per command. The kernel has a single union; separate structures keep each command's
// size exact. Every hole is a named field, because the kernel refuses attributes whose unused bytes are not zero.
// ABI: include/uapi/linux/bpf.h, union bpf_attr.
#pragma once
#include <stdint.h>

enum cbpf_command {
  CBPF_MAP_CREATE = 0,
  CBPF_MAP_LOOKUP = 1,
  CBPF_MAP_UPDATE = 2,
  CBPF_MAP_DELETE = 3,
  CBPF_MAP_NEXT_KEY = 4,
  CBPF_PROG_LOAD = 5,
  CBPF_OBJ_PIN = 6,
  CBPF_OBJ_GET = 7,
  CBPF_PROG_ATTACH = 8,
  CBPF_PROG_DETACH = 9,
  CBPF_PROG_TEST_RUN = 10,
  CBPF_PROG_NEXT_ID = 11,
  CBPF_MAP_NEXT_ID = 12,
  CBPF_PROG_FD_BY_ID = 13,
  CBPF_MAP_FD_BY_ID = 14,
  CBPF_OBJ_INFO = 15,
  CBPF_PROG_QUERY = 16,
  CBPF_RAW_TRACEPOINT_OPEN = 17,
  CBPF_BTF_LOAD = 18,
  CBPF_BTF_FD_BY_ID = 19,
  CBPF_TASK_FD_QUERY = 20,
  CBPF_MAP_LOOKUP_AND_DELETE = 21,
  CBPF_MAP_FREEZE = 22,
  CBPF_BTF_NEXT_ID = 23,
  CBPF_MAP_LOOKUP_BATCH = 24,
  CBPF_MAP_LOOKUP_AND_DELETE_BATCH = 25,
  CBPF_MAP_UPDATE_BATCH = 26,
  CBPF_MAP_DELETE_BATCH = 27,
  CBPF_LINK_CREATE = 28,
  CBPF_LINK_UPDATE = 29,
  CBPF_LINK_FD_BY_ID = 30,
  CBPF_LINK_NEXT_ID = 31,
  CBPF_ENABLE_STATS = 32,
  CBPF_ITER_CREATE = 33,
  CBPF_LINK_DETACH = 34,
  CBPF_PROG_BIND_MAP = 35,
  CBPF_TOKEN_CREATE = 36,
  CBPF_PROG_STREAM_READ = 37,
  CBPF_PROG_ASSOC_STRUCT_OPS = 38,
};

struct cbpf_map_create {
  uint32_t map_type, key_size, value_size, max_entries, map_flags;
  uint32_t inner_map_fd, numa_node;
  uint8_t map_name[16];
  uint32_t ifindex, btf_fd, key_type_id, value_type_id, vmlinux_value_type_id;
  uint64_t map_extra;
  int32_t value_type_btf_obj_fd, token_fd;
  uint64_t excl_prog_hash;
  uint32_t excl_prog_hash_size, reserved;
};

struct cbpf_map_elem {
  uint32_t map_fd, reserved;
  uint64_t key;
  uint64_t value;  // or the next key
  uint64_t flags;
};

struct cbpf_map_batch {
  uint64_t in_batch, out_batch, keys, values;
  uint32_t count, map_fd;
  uint64_t elem_flags, flags;
};

struct cbpf_prog_load {
  uint32_t prog_type, insn_cnt;
  uint64_t insns, license;
  uint32_t log_level, log_size;
  uint64_t log_buf;
  uint32_t kern_version, prog_flags;
  uint8_t prog_name[16];
  uint32_t prog_ifindex, expected_attach_type;
  uint32_t btf_fd, func_info_rec_size;
  uint64_t func_info;
  uint32_t func_info_cnt, line_info_rec_size;
  uint64_t line_info;
  uint32_t line_info_cnt, attach_btf_id;
  uint32_t attach_fd;  // a program's, or a module BTF's
  uint32_t core_relo_cnt;
  uint64_t fd_array, core_relos;
  uint32_t core_relo_rec_size, log_true_size;
  int32_t token_fd;
  uint32_t fd_array_cnt;
  uint64_t signature;
  uint32_t signature_size;
  int32_t keyring_id;
};

struct cbpf_obj {
  uint64_t pathname;
  uint32_t bpf_fd, file_flags;
  int32_t path_fd;
  uint32_t reserved;
};

struct cbpf_prog_attach {
  uint32_t target, attach_bpf_fd, attach_type, attach_flags, replace_bpf_fd;
  uint32_t relative;  // descriptor or id
  uint64_t expected_revision;
};

struct cbpf_prog_test_run {
  uint32_t prog_fd, retval, data_size_in, data_size_out;
  uint64_t data_in, data_out;
  uint32_t repeat, duration, ctx_size_in, ctx_size_out;
  uint64_t ctx_in, ctx_out;
  uint32_t flags, cpu, batch_size, reserved;
};

struct cbpf_get_id {
  uint32_t id;  // where to start, or which to open
  uint32_t next_id, open_flags;
  int32_t token_fd;
};

struct cbpf_obj_info {
  uint32_t bpf_fd, info_len;
  uint64_t info;
};

struct cbpf_prog_query {
  uint32_t target, attach_type, query_flags, attach_flags;
  uint64_t prog_ids;
  uint32_t count, reserved;
  uint64_t prog_attach_flags, link_ids, link_attach_flags, revision;
};

struct cbpf_raw_tracepoint_open {
  uint64_t name;
  uint32_t prog_fd, reserved;
  uint64_t cookie;
};

struct cbpf_btf_load {
  uint64_t btf, log_buf;
  uint32_t btf_size, log_size, log_level, log_true_size, btf_flags;
  int32_t token_fd;
};

struct cbpf_task_fd_query {
  uint32_t pid, fd, flags, buf_len;
  uint64_t buf;
  uint32_t prog_id, fd_type;
  uint64_t probe_offset, probe_addr;
};

struct cbpf_link_create {
  uint32_t prog_fd;  // or a struct_ops map's
  uint32_t target;   // descriptor or interface index
  uint32_t attach_type, flags;
  union {
    uint64_t words[6];
    uint32_t target_btf_id;
    struct {
      uint64_t info;
      uint32_t info_len;
    } iterator;
    struct {
      uint64_t cookie;
    } perf_event;
    struct {
      uint32_t flags, cnt;
      uint64_t syms, addrs, cookies;
    } kprobe_multi;
    struct {
      uint32_t target_btf_id, reserved;
      uint64_t cookie;
    } tracing;
    struct {
      uint32_t family, hook;
      int32_t priority;
      uint32_t flags;
    } netfilter;
    struct {
      uint32_t relative, reserved;
      uint64_t expected_revision;
    } ordered;  // tcx, netkit, cgroup
    struct {
      uint64_t path, offsets, ref_ctr_offsets, cookies;
      uint32_t cnt, flags, pid, path_fd;
    } uprobe_multi;
    struct {
      uint64_t ids, cookies;
      uint32_t cnt;
    } tracing_multi;
  };
};

struct cbpf_link_update {
  uint32_t link_fd, new_fd, flags, old_fd;
};

/// The commands that take up to three plain words.
struct cbpf_words {
  uint32_t word[4];
};

struct cbpf_stream_read {
  uint64_t buf;
  uint32_t buf_len, stream_id, prog_fd, reserved;
};
