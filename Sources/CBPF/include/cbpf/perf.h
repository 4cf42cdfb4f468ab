// SPDX-License-Identifier: Apache-2.0
// perf_event_open(2). ABI: include/uapi/linux/perf_event.h.
#pragma once
#include <stdint.h>

struct cbpf_perf_event_attr {
  uint32_t type, size;
  uint64_t config;
  uint64_t sample_period;  // or frequency
  uint64_t sample_type, read_format;
  uint64_t flags;     // the bit field: disabled, inherit, ... freq (bit 10), watermark (bit 14)
  uint32_t wakeup;    // events, or bytes with the watermark flag
  uint32_t bp_type;
  uint64_t config1;   // kprobe_func / uprobe_path
  uint64_t config2;   // probe_offset / kprobe_addr
  uint64_t branch_sample_type, sample_regs_user;
  uint32_t sample_stack_user;
  int32_t clockid;
  uint64_t sample_regs_intr;
  uint32_t aux_watermark;
  uint16_t sample_max_stack, reserved2;
  uint32_t aux_sample_size, reserved3;
  uint64_t sig_data, config3;
};

#define CBPF_PERF_IOC_ENABLE 0x2400u
#define CBPF_PERF_IOC_DISABLE 0x2401u
#define CBPF_PERF_IOC_SET_BPF 0x40042408u
#define CBPF_PERF_IOC_QUERY_BPF 0xc008240au

struct cbpf_perf_query {
  uint32_t ids_len, prog_cnt;
};
