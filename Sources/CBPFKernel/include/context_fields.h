// SPDX-License-Identifier: Apache-2.0
// The fields of each context, in the order and widths of include/uapi/linux/bpf.h. C is its name; R: read only;
// W: a program may also write it, if the kernel lets its program type; P: a pointer; D: a pointer that is
// never null; PAD: not for use. A trailing number is an array's index.
#pragma once

#define BPF_CONTEXT_xdp_md(C, R, W, P, D, PAD) \
  R(C, uint32_t, data) R(C, uint32_t, data_end) R(C, uint32_t, data_meta) R(C, uint32_t, ingress_ifindex) \
  R(C, uint32_t, rx_queue_index) R(C, uint32_t, egress_ifindex)

#define BPF_CONTEXT___sk_buff(C, R, W, P, D, PAD) \
  R(C, uint32_t, len) R(C, uint32_t, pkt_type) W(C, uint32_t, mark) W(C, uint32_t, queue_mapping) \
  R(C, uint32_t, protocol) R(C, uint32_t, vlan_present) R(C, uint32_t, vlan_tci) R(C, uint32_t, vlan_proto) \
  W(C, uint32_t, priority) R(C, uint32_t, ingress_ifindex) R(C, uint32_t, ifindex) W(C, uint32_t, tc_index) \
  W(C, uint32_t, cb0) W(C, uint32_t, cb1) W(C, uint32_t, cb2) W(C, uint32_t, cb3) W(C, uint32_t, cb4) \
  R(C, uint32_t, hash) W(C, uint32_t, tc_classid) R(C, uint32_t, data) R(C, uint32_t, data_end) \
  R(C, uint32_t, napi_id) R(C, uint32_t, family) R(C, uint32_t, remote_ip4) R(C, uint32_t, local_ip4) \
  R(C, uint32_t, remote_ip6_0) R(C, uint32_t, remote_ip6_1) R(C, uint32_t, remote_ip6_2) \
  R(C, uint32_t, remote_ip6_3) R(C, uint32_t, local_ip6_0) R(C, uint32_t, local_ip6_1) R(C, uint32_t, local_ip6_2) \
  R(C, uint32_t, local_ip6_3) R(C, uint32_t, remote_port) R(C, uint32_t, local_port) R(C, uint32_t, data_meta) \
  P(C, flow_keys) W(C, uint64_t, tstamp) R(C, uint32_t, wire_len) R(C, uint32_t, gso_segs) P(C, sk) \
  R(C, uint32_t, gso_size) R(C, uint8_t, tstamp_type) PAD(uint8_t, pad0) PAD(uint8_t, pad1) PAD(uint8_t, pad2) \
  R(C, uint64_t, hwtstamp)

#define BPF_CONTEXT_sk_msg_md(C, R, W, P, D, PAD) \
  D(C, data) D(C, data_end) R(C, uint32_t, family) R(C, uint32_t, remote_ip4) R(C, uint32_t, local_ip4) \
  R(C, uint32_t, remote_ip6_0) R(C, uint32_t, remote_ip6_1) R(C, uint32_t, remote_ip6_2) \
  R(C, uint32_t, remote_ip6_3) R(C, uint32_t, local_ip6_0) R(C, uint32_t, local_ip6_1) R(C, uint32_t, local_ip6_2) \
  R(C, uint32_t, local_ip6_3) R(C, uint32_t, remote_port) R(C, uint32_t, local_port) R(C, uint32_t, size) P(C, sk)

#define BPF_CONTEXT_sk_reuseport_md(C, R, W, P, D, PAD) \
  D(C, data) D(C, data_end) R(C, uint32_t, len) R(C, uint32_t, eth_protocol) R(C, uint32_t, ip_protocol) \
  R(C, uint32_t, bind_inany) R(C, uint32_t, hash) P(C, sk) P(C, migrating_sk)

#define BPF_CONTEXT_bpf_sock_addr(C, R, W, P, D, PAD) \
  R(C, uint32_t, user_family) W(C, uint32_t, user_ip4) W(C, uint32_t, user_ip6_0) W(C, uint32_t, user_ip6_1) \
  W(C, uint32_t, user_ip6_2) W(C, uint32_t, user_ip6_3) W(C, uint32_t, user_port) R(C, uint32_t, family) \
  R(C, uint32_t, type) R(C, uint32_t, protocol) W(C, uint32_t, msg_src_ip4) W(C, uint32_t, msg_src_ip6_0) \
  W(C, uint32_t, msg_src_ip6_1) W(C, uint32_t, msg_src_ip6_2) W(C, uint32_t, msg_src_ip6_3) P(C, sk)

#define BPF_CONTEXT_bpf_sock(C, R, W, P, D, PAD) \
  W(C, uint32_t, bound_dev_if) R(C, uint32_t, family) R(C, uint32_t, type) R(C, uint32_t, protocol) \
  W(C, uint32_t, mark) W(C, uint32_t, priority) R(C, uint32_t, src_ip4) R(C, uint32_t, src_ip6_0) \
  R(C, uint32_t, src_ip6_1) R(C, uint32_t, src_ip6_2) R(C, uint32_t, src_ip6_3) R(C, uint32_t, src_port) \
  R(C, uint16_t, dst_port) PAD(uint16_t, pad0) R(C, uint32_t, dst_ip4) R(C, uint32_t, dst_ip6_0) \
  R(C, uint32_t, dst_ip6_1) R(C, uint32_t, dst_ip6_2) R(C, uint32_t, dst_ip6_3) R(C, uint32_t, state) \
  R(C, int32_t, rx_queue_mapping)

#define BPF_CONTEXT_bpf_tcp_sock(C, R, W, P, D, PAD) \
  R(C, uint32_t, snd_cwnd) R(C, uint32_t, srtt_us) R(C, uint32_t, rtt_min) R(C, uint32_t, snd_ssthresh) \
  R(C, uint32_t, rcv_nxt) R(C, uint32_t, snd_nxt) R(C, uint32_t, snd_una) R(C, uint32_t, mss_cache) \
  R(C, uint32_t, ecn_flags) R(C, uint32_t, rate_delivered) R(C, uint32_t, rate_interval_us) \
  R(C, uint32_t, packets_out) R(C, uint32_t, retrans_out) R(C, uint32_t, total_retrans) R(C, uint32_t, segs_in) \
  R(C, uint32_t, data_segs_in) R(C, uint32_t, segs_out) R(C, uint32_t, data_segs_out) R(C, uint32_t, lost_out) \
  R(C, uint32_t, sacked_out) R(C, uint64_t, bytes_received) R(C, uint64_t, bytes_acked) R(C, uint32_t, dsack_dups) \
  R(C, uint32_t, delivered) R(C, uint32_t, delivered_ce) R(C, uint32_t, icsk_retransmits)

#define BPF_CONTEXT_bpf_sock_ops(C, R, W, P, D, PAD) \
  R(C, uint32_t, op) W(C, uint32_t, args0) W(C, uint32_t, args1) W(C, uint32_t, args2) W(C, uint32_t, args3) \
  R(C, uint32_t, family) R(C, uint32_t, remote_ip4) R(C, uint32_t, local_ip4) R(C, uint32_t, remote_ip6_0) \
  R(C, uint32_t, remote_ip6_1) R(C, uint32_t, remote_ip6_2) R(C, uint32_t, remote_ip6_3) R(C, uint32_t, local_ip6_0) \
  R(C, uint32_t, local_ip6_1) R(C, uint32_t, local_ip6_2) R(C, uint32_t, local_ip6_3) R(C, uint32_t, remote_port) \
  R(C, uint32_t, local_port) R(C, uint32_t, is_fullsock) R(C, uint32_t, snd_cwnd) R(C, uint32_t, srtt_us) \
  R(C, uint32_t, bpf_sock_ops_cb_flags) R(C, uint32_t, state) R(C, uint32_t, rtt_min) R(C, uint32_t, snd_ssthresh) \
  R(C, uint32_t, rcv_nxt) R(C, uint32_t, snd_nxt) R(C, uint32_t, snd_una) R(C, uint32_t, mss_cache) \
  R(C, uint32_t, ecn_flags) R(C, uint32_t, rate_delivered) R(C, uint32_t, rate_interval_us) \
  R(C, uint32_t, packets_out) R(C, uint32_t, retrans_out) R(C, uint32_t, total_retrans) R(C, uint32_t, segs_in) \
  R(C, uint32_t, data_segs_in) R(C, uint32_t, segs_out) R(C, uint32_t, data_segs_out) R(C, uint32_t, lost_out) \
  R(C, uint32_t, sacked_out) W(C, uint32_t, sk_txhash) R(C, uint64_t, bytes_received) R(C, uint64_t, bytes_acked) \
  P(C, sk) D(C, skb_data) D(C, skb_data_end) R(C, uint32_t, skb_len) R(C, uint32_t, skb_tcp_flags) \
  R(C, uint64_t, skb_hwtstamp)

#define BPF_CONTEXT_bpf_sockopt(C, R, W, P, D, PAD) \
  P(C, sk) D(C, optval) D(C, optval_end) W(C, int32_t, level) W(C, int32_t, optname) W(C, int32_t, optlen) \
  W(C, int32_t, retval)

#define BPF_CONTEXT_bpf_sysctl(C, R, W, P, D, PAD) \
  R(C, uint32_t, write) W(C, uint32_t, file_pos)

#define BPF_CONTEXT_bpf_cgroup_dev_ctx(C, R, W, P, D, PAD) \
  R(C, uint32_t, access_type) R(C, uint32_t, major) R(C, uint32_t, minor)

#define BPF_CONTEXT_bpf_sk_lookup(C, R, W, P, D, PAD) \
  P(C, sk) R(C, uint32_t, family) R(C, uint32_t, protocol) R(C, uint32_t, remote_ip4) R(C, uint32_t, remote_ip6_0) \
  R(C, uint32_t, remote_ip6_1) R(C, uint32_t, remote_ip6_2) R(C, uint32_t, remote_ip6_3) R(C, uint16_t, remote_port) \
  PAD(uint16_t, pad0) R(C, uint32_t, local_ip4) R(C, uint32_t, local_ip6_0) R(C, uint32_t, local_ip6_1) \
  R(C, uint32_t, local_ip6_2) R(C, uint32_t, local_ip6_3) R(C, uint32_t, local_port) R(C, uint32_t, ingress_ifindex)

#define BPF_CONTEXT_bpf_flow_keys(C, R, W, P, D, PAD) \
  W(C, uint16_t, nhoff) W(C, uint16_t, thoff) W(C, uint16_t, addr_proto) W(C, uint8_t, is_frag) \
  W(C, uint8_t, is_first_frag) W(C, uint8_t, is_encap) W(C, uint8_t, ip_proto) W(C, uint16_t, n_proto) \
  W(C, uint16_t, sport) W(C, uint16_t, dport) W(C, uint32_t, ipv6_src_0) W(C, uint32_t, ipv6_src_1) \
  W(C, uint32_t, ipv6_src_2) W(C, uint32_t, ipv6_src_3) W(C, uint32_t, ipv6_dst_0) W(C, uint32_t, ipv6_dst_1) \
  W(C, uint32_t, ipv6_dst_2) W(C, uint32_t, ipv6_dst_3) W(C, uint32_t, flags) W(C, uint32_t, flow_label)

// A context that is an array of words: raw and BTF tracepoints, fentry, fexit, LSM, struct_ops, iterators.
#define BPF_CONTEXT_bpf_context_words(C, R, W, P, D, PAD) \
  R(C, uint64_t, word0) R(C, uint64_t, word1) R(C, uint64_t, word2) R(C, uint64_t, word3) \
  R(C, uint64_t, word4) R(C, uint64_t, word5) R(C, uint64_t, word6) R(C, uint64_t, word7) \
  R(C, uint64_t, word8) R(C, uint64_t, word9) R(C, uint64_t, word10) R(C, uint64_t, word11) \
  R(C, uint64_t, word12) R(C, uint64_t, word13) R(C, uint64_t, word14) R(C, uint64_t, word15)

// What every context's name is given to.
#define BPF_CONTEXTS(CONTEXT) \
  CONTEXT(xdp_md) CONTEXT(__sk_buff) CONTEXT(sk_msg_md) CONTEXT(sk_reuseport_md) CONTEXT(bpf_sock_addr) \
  CONTEXT(bpf_sock) CONTEXT(bpf_tcp_sock) CONTEXT(bpf_sock_ops) CONTEXT(bpf_sockopt) CONTEXT(bpf_sysctl) \
  CONTEXT(bpf_cgroup_dev_ctx) CONTEXT(bpf_sk_lookup) CONTEXT(bpf_flow_keys) CONTEXT(bpf_context_words)
