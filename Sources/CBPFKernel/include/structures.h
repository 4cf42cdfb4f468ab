// SPDX-License-Identifier: Apache-2.0
// Structures that helpers read and write, in the kernel's layout and under its names. Contexts and kernel types are
// only named: contexts are read by the functions of contexts.h, kernel types by accessors made from BTF.
// Source: include/uapi/linux/bpf.h, include/uapi/linux/filter.h.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct __sk_buff;
struct xdp_md;
struct sk_msg_md;
struct bpf_sock_ops;
struct bpf_sock_addr;
struct bpf_sysctl;
struct sk_reuseport_md;
struct bpf_sock;
struct bpf_tcp_sock;

struct bpf_cpumask;
struct bpf_map;
struct bpf_sock_addr_kern;
struct cgroup;
struct cpumask;
struct file;
struct inode;
struct linux_binprm;
struct mm_struct;
struct mptcp_sock;
struct nf_conn;
struct path;
struct pt_regs;
struct seq_file;
struct sk_buff;
struct sock;
struct sock_common;
struct socket;
struct task_struct;
struct tcp6_sock;
struct tcp_request_sock;
struct tcp_sock;
struct tcp_timewait_sock;
struct udp6_sock;
struct unix_sock;
struct vm_area_struct;

/// A lock in a map value. Not to be copied: user space and lookups see zero.
///
/// - Requires: Linux 5.1.
struct bpf_spin_lock {
  uint32_t val;
};

/// A timer in a map value. Opaque.
///
/// - Requires: Linux 5.15.
struct bpf_timer {
  uint64_t opaque[2];
} __attribute__((aligned(8)));

/// A work queue item in a map value: a function that may sleep. Opaque.
///
/// - Requires: Linux 6.10.
struct bpf_wq {
  uint64_t opaque[2];
} __attribute__((aligned(8)));

/// A checked view of memory whose size the verifier does not know. Opaque, on the stack only.
///
/// - Requires: Linux 5.19.
struct bpf_dynptr {
  uint64_t opaque[2];
} __attribute__((aligned(8)));

/// The state of a counting iterator. Opaque, on the stack only.
///
/// - Requires: Linux 6.4.
struct bpf_iter_num {
  uint64_t opaque[1];
} __attribute__((aligned(8)));

/// The state of an iterator over tasks. Opaque, on the stack only.
///
/// - Requires: Linux 6.7.
struct bpf_iter_task {
  uint64_t opaque[3];
} __attribute__((aligned(8)));

/// The state of an iterator over a task's mappings. Opaque, on the stack only.
///
/// - Requires: Linux 6.7.
struct bpf_iter_task_vma {
  uint64_t opaque[1];
} __attribute__((aligned(8)));

/// Addresses and ports of both ends, in network order, by which a socket is looked up: 12 bytes (`ipv4`) or 36.
struct bpf_sock_tuple {
  union {
    struct bpf_sock_tuple_ipv4 {
      uint32_t saddr;
      uint32_t daddr;
      uint16_t sport;
      uint16_t dport;
    } ipv4;
    struct bpf_sock_tuple_ipv6 {
      uint32_t saddr[4];
      uint32_t daddr[4];
      uint16_t sport;
      uint16_t dport;
    } ipv6;
  };
};

/// What `bpf_fib_lookup` is asked, and what it answers. 64 bytes.
struct bpf_fib_lookup {
  /// In: `AF_INET` (2) or `AF_INET6` (10).
  uint8_t family;
  /// In: protocol and ports, for policy rules.
  uint8_t l4_protocol;
  uint16_t sport;
  uint16_t dport;
  union {
    /// In: the packet's length, to be checked against the MTU.
    uint16_t tot_len;
    /// Out: the MTU, where it is too long.
    uint16_t mtu_result;
  };
  /// In: the interface of the packet. Out: the interface to send it to.
  uint32_t ifindex;
  union {
    /// In: IPv4's type of service.
    uint8_t tos;
    /// In: IPv6's first word, in network order.
    uint32_t flowinfo;
    /// Out: the route's metric.
    uint32_t rt_metric;
  };
  union {
    uint32_t ipv4_src;
    uint32_t ipv6_src[4];
  };
  /// In: the destination. Out: the gateway, if there is one.
  union {
    uint32_t ipv4_dst;
    uint32_t ipv6_dst[4];
  };
  union {
    struct {
      /// Out: VLAN of the interface, in network order.
      uint16_t h_vlan_proto;
      uint16_t h_vlan_TCI;
    };
    /// In: routing table, with `BPF_FIB_LOOKUP_TBID`.
    uint32_t tbid;
  };
  /// Out: the link addresses.
  uint8_t smac[6];
  uint8_t dmac[6];
};

/// The neighbour that `bpf_redirect_neigh` sends to. 20 bytes.
struct bpf_redir_neigh {
  uint32_t nh_family;
  union {
    uint32_t ipv4_nh;
    uint32_t ipv6_nh[4];
  };
};

/// A tunnel's addresses. 44 bytes.
struct bpf_tunnel_key {
  uint32_t tunnel_id;
  union {
    uint32_t remote_ipv4;
    uint32_t remote_ipv6[4];
  };
  uint8_t tunnel_tos;
  uint8_t tunnel_ttl;
  uint16_t tunnel_ext;
  uint32_t tunnel_label;
  union {
    uint32_t local_ipv4;
    uint32_t local_ipv6[4];
  };
};

/// An entry of a packet's IPsec path. 28 bytes.
struct bpf_xfrm_state {
  uint32_t reqid;
  uint32_t spi;
  uint16_t family;
  uint16_t ext;
  union {
    uint32_t remote_ipv4;
    uint32_t remote_ipv6[4];
  };
};

/// A perf counter, and for how many nanoseconds it was enabled and running.
struct bpf_perf_event_value {
  uint64_t counter;
  uint64_t enabled;
  uint64_t running;
};

/// A thread as a PID namespace sees it.
struct bpf_pidns_info {
  uint32_t pid;
  uint32_t tgid;
};

/// A kernel object and its BTF type, to be printed.
struct btf_ptr {
  const void *_Nullable ptr;
  uint32_t type_id;
  uint32_t flags;
};
