// SPDX-License-Identifier: Apache-2.0
// The layouts are the kernel's ABI: a wrong one must not compile.
#include "cbpf.h"

#include <stddef.h>

#define OFFSET(type, field, offset) \
  _Static_assert(offsetof(struct type, field) == (offset), #type "." #field)

OFFSET(cbpf_map_create, map_extra, 64);
OFFSET(cbpf_map_create, excl_prog_hash, 80);
OFFSET(cbpf_map_elem, flags, 24);
OFFSET(cbpf_map_batch, flags, 48);
OFFSET(cbpf_prog_load, prog_ifindex, 64);
OFFSET(cbpf_prog_load, line_info, 96);
OFFSET(cbpf_prog_load, fd_array, 120);
OFFSET(cbpf_prog_load, log_true_size, 140);
OFFSET(cbpf_prog_load, signature, 152);
OFFSET(cbpf_prog_attach, expected_revision, 24);
OFFSET(cbpf_prog_test_run, ctx_in, 48);
OFFSET(cbpf_prog_test_run, batch_size, 72);
OFFSET(cbpf_prog_query, revision, 56);
OFFSET(cbpf_btf_load, token_fd, 36);
OFFSET(cbpf_task_fd_query, probe_addr, 40);
OFFSET(cbpf_link_create, iterator.info_len, 24);
OFFSET(cbpf_link_create, uprobe_multi.path_fd, 60);
OFFSET(cbpf_prog_info, map_ids, 56);
OFFSET(cbpf_prog_info, gpl_compatible, 84);
OFFSET(cbpf_prog_info, run_time_ns, 192);
_Static_assert(sizeof(struct cbpf_prog_info) == 232, "prog_info");
_Static_assert(sizeof(struct cbpf_map_info) == 104, "map_info");
_Static_assert(sizeof(struct cbpf_btf_info) == 32, "btf_info");
OFFSET(cbpf_link_info, iter.target_name_len, 24);
OFFSET(cbpf_link_info, perf_event.uprobe.ref_ctr_offset, 48);
_Static_assert(sizeof(struct cbpf_link_info) == 64, "link_info");
_Static_assert(sizeof(struct cbpf_perf_event_attr) == 136, "perf_event_attr");
