// SPDX-License-Identifier: Apache-2.0
// Written by Tools/helpers/generate from Tools/helpers/helpers.txt. Do not edit.
//
// Every helper under the kernel's own name. The kernel's text on each: bpf-helpers(7), include/uapi/linux/bpf.h.
#pragma once
#include "structures.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wint-to-pointer-cast"

#define BPF_HELPER static inline __attribute__((always_inline))

/// Finds the value of a key.
///
/// - Returns: the value inside the map, or null if the key is absent.
/// - Requires: Linux 3.19.
BPF_HELPER void *_Nullable bpf_map_lookup_elem(const void *_Nonnull map, const void *_Nonnull key) {
  return ((void * (*)(const void *, const void *))1)(map, key);
}

/// Stores a value for a key; `flags` is `BPF_ANY` (0), `BPF_NOEXIST` (1) or `BPF_EXIST` (2).
///
/// - Returns: 0, or a negative errno (`E2BIG`: full, `EEXIST`, `ENOENT`).
/// - Requires: Linux 3.19.
BPF_HELPER long bpf_map_update_elem(const void *_Nonnull map, const void *_Nonnull key, const void *_Nonnull value, uint64_t flags) {
  return ((long (*)(const void *, const void *, const void *, uint64_t))2)(map, key, value, flags);
}

/// Removes a key.
///
/// - Returns: 0, or a negative errno (`ENOENT`: absent).
/// - Requires: Linux 3.19.
BPF_HELPER long bpf_map_delete_elem(const void *_Nonnull map, const void *_Nonnull key) {
  return ((long (*)(const void *, const void *))3)(map, key);
}

/// Copies from an address of either address space; prefer the `_user` and `_kernel` forms.
///
/// - Returns: 0, or a negative errno; `dst` is then zeroed.
/// - Requires: Linux 4.1; a GPL-compatible license.
BPF_HELPER long bpf_probe_read(void *_Nonnull dst, uint32_t size, const void *_Nullable unsafe_ptr) {
  return ((long (*)(void *, uint32_t, const void *))4)(dst, size, unsafe_ptr);
}

/// Monotonic clock, which stands still while the machine sleeps.
///
/// - Returns: nanoseconds since boot.
/// - Requires: Linux 4.1.
BPF_HELPER uint64_t bpf_ktime_get_ns(void) {
  return ((uint64_t (*)(void))5)();
}

/// Prints a line to `trace_pipe` of tracefs; for debugging. `fmt_size` counts the closing zero byte.
///
/// - Returns: bytes written, or a negative errno.
/// - Requires: Linux 4.1; a GPL-compatible license.
BPF_HELPER long bpf_trace_printk(const char *_Nonnull fmt, uint32_t fmt_size) {
  return ((long (*)(const char *, uint32_t))6)(fmt, fmt_size);
}

/// Prints a line to `trace_pipe` of tracefs; for debugging. `fmt_size` counts the closing zero byte.
///
/// - Returns: bytes written, or a negative errno.
/// - Requires: Linux 4.1; a GPL-compatible license.
BPF_HELPER long bpf_trace_printk_1(const char *_Nonnull fmt, uint32_t fmt_size, uint64_t argument1) {
  return ((long (*)(const char *, uint32_t, uint64_t))6)(fmt, fmt_size, argument1);
}

/// Prints a line to `trace_pipe` of tracefs; for debugging. `fmt_size` counts the closing zero byte.
///
/// - Returns: bytes written, or a negative errno.
/// - Requires: Linux 4.1; a GPL-compatible license.
BPF_HELPER long bpf_trace_printk_2(const char *_Nonnull fmt, uint32_t fmt_size, uint64_t argument1, uint64_t argument2) {
  return ((long (*)(const char *, uint32_t, uint64_t, uint64_t))6)(fmt, fmt_size, argument1, argument2);
}

/// Prints a line to `trace_pipe` of tracefs; for debugging. `fmt_size` counts the closing zero byte.
///
/// - Returns: bytes written, or a negative errno.
/// - Requires: Linux 4.1; a GPL-compatible license.
BPF_HELPER long bpf_trace_printk_3(const char *_Nonnull fmt, uint32_t fmt_size, uint64_t argument1, uint64_t argument2, uint64_t argument3) {
  return ((long (*)(const char *, uint32_t, uint64_t, uint64_t, uint64_t))6)(fmt, fmt_size, argument1, argument2, argument3);
}

/// A pseudo-random number, not fit for keys.
///
/// - Returns: the number.
/// - Requires: Linux 4.1.
BPF_HELPER uint32_t bpf_get_prandom_u32(void) {
  return ((uint32_t (*)(void))7)();
}

/// The processor that runs the program.
///
/// - Returns: its number, from 0.
/// - Requires: Linux 4.1.
BPF_HELPER uint32_t bpf_get_smp_processor_id(void) {
  return ((uint32_t (*)(void))8)();
}

/// Writes into a packet; `flags` may ask to recompute the checksum (1) or to drop the hash (2). Invalidates packet pointers.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.1.
BPF_HELPER long bpf_skb_store_bytes(struct __sk_buff *_Nonnull skb, uint32_t offset, const void *_Nonnull from, uint32_t len, uint64_t flags) {
  return ((long (*)(struct __sk_buff *, uint32_t, const void *, uint32_t, uint64_t))9)(skb, offset, from, len, flags);
}

/// Corrects the IP checksum at `offset` for a field of `size` bytes (2, 4; 0: `to` is a difference) that changed. Invalidates packet pointers.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.1.
BPF_HELPER long bpf_l3_csum_replace(struct __sk_buff *_Nonnull skb, uint32_t offset, uint64_t from, uint64_t to, uint64_t size) {
  return ((long (*)(struct __sk_buff *, uint32_t, uint64_t, uint64_t, uint64_t))10)(skb, offset, from, to, size);
}

/// Corrects the TCP or UDP checksum at `offset`; the low four bits of `flags` are the field's size, 0x10 the pseudo header, 0x20 a UDP checksum of 0. Invalidates packet pointers.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.1.
BPF_HELPER long bpf_l4_csum_replace(struct __sk_buff *_Nonnull skb, uint32_t offset, uint64_t from, uint64_t to, uint64_t flags) {
  return ((long (*)(struct __sk_buff *, uint32_t, uint64_t, uint64_t, uint64_t))11)(skb, offset, from, to, flags);
}

/// Goes on with another program of a program array, and does not come back; at most 33 in a row.
///
/// - Returns: only if the slot is empty or the limit is reached.
/// - Requires: Linux 4.2.
BPF_HELPER long bpf_tail_call(void *_Nonnull ctx, const void *_Nonnull prog_array_map, uint32_t index) {
  return ((long (*)(void *, const void *, uint32_t))12)(ctx, prog_array_map, index);
}

/// Sends a copy of the packet out of (0) or into (1) an interface. Invalidates packet pointers.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.2.
BPF_HELPER long bpf_clone_redirect(struct __sk_buff *_Nonnull skb, uint32_t ifindex, uint64_t flags) {
  return ((long (*)(struct __sk_buff *, uint32_t, uint64_t))13)(skb, ifindex, flags);
}

/// The running thread.
///
/// - Returns: the process id (tgid) in the upper, the thread id (pid) in the lower 32 bits.
/// - Requires: Linux 4.2.
BPF_HELPER uint64_t bpf_get_current_pid_tgid(void) {
  return ((uint64_t (*)(void))14)();
}

/// The running thread's real user and group, in the initial user namespace.
///
/// - Returns: the group id in the upper, the user id in the lower 32 bits.
/// - Requires: Linux 4.2.
BPF_HELPER uint64_t bpf_get_current_uid_gid(void) {
  return ((uint64_t (*)(void))15)();
}

/// Copies the running thread's name, with its closing zero byte.
///
/// - Returns: 0, or a negative errno; `buf` is then zeroed.
/// - Requires: Linux 4.2.
BPF_HELPER long bpf_get_current_comm(void *_Nonnull buf, uint32_t size_of_buf) {
  return ((long (*)(void *, uint32_t))16)(buf, size_of_buf);
}

/// The net_cls class of the sender; egress only.
///
/// - Returns: the class, or 0.
/// - Requires: Linux 4.3.
BPF_HELPER uint32_t bpf_get_cgroup_classid(struct __sk_buff *_Nonnull skb) {
  return ((uint32_t (*)(struct __sk_buff *))17)(skb);
}

/// Puts a VLAN tag on a packet; `vlan_proto` in network order. Invalidates packet pointers.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.3.
BPF_HELPER long bpf_skb_vlan_push(struct __sk_buff *_Nonnull skb, uint16_t vlan_proto, uint16_t vlan_tci) {
  return ((long (*)(struct __sk_buff *, uint16_t, uint16_t))18)(skb, vlan_proto, vlan_tci);
}

/// Takes the outer VLAN tag off a packet. Invalidates packet pointers.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.3.
BPF_HELPER long bpf_skb_vlan_pop(struct __sk_buff *_Nonnull skb) {
  return ((long (*)(struct __sk_buff *))19)(skb);
}

/// Reads the tunnel that a packet came through; `flags` 1: IPv6.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.3.
BPF_HELPER long bpf_skb_get_tunnel_key(struct __sk_buff *_Nonnull skb, struct bpf_tunnel_key *_Nonnull key, uint32_t size, uint64_t flags) {
  return ((long (*)(struct __sk_buff *, struct bpf_tunnel_key *, uint32_t, uint64_t))20)(skb, key, size, flags);
}

/// Sets the tunnel that a packet leaves through.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.3.
BPF_HELPER long bpf_skb_set_tunnel_key(struct __sk_buff *_Nonnull skb, const struct bpf_tunnel_key *_Nonnull key, uint32_t size, uint64_t flags) {
  return ((long (*)(struct __sk_buff *, const struct bpf_tunnel_key *, uint32_t, uint64_t))21)(skb, key, size, flags);
}

/// Reads a perf counter of a perf event array; `flags` is its index, or `BPF_F_CURRENT_CPU` (0xffffffff).
///
/// - Returns: the count, or a negative errno that cannot be told from a count: prefer `bpf_perf_event_read_value`.
/// - Requires: Linux 4.3; a GPL-compatible license.
BPF_HELPER uint64_t bpf_perf_event_read(const void *_Nonnull map, uint64_t flags) {
  return ((uint64_t (*)(const void *, uint64_t))22)(map, flags);
}

/// Sends the packet to an interface; `flags` 1 (tc only): into it.
///
/// - Returns: what the program should return: `TC_ACT_REDIRECT` or `XDP_REDIRECT`, else a drop.
/// - Requires: Linux 4.4.
BPF_HELPER long bpf_redirect(uint32_t ifindex, uint64_t flags) {
  return ((long (*)(uint32_t, uint64_t))23)(ifindex, flags);
}

/// The realm of the packet's route.
///
/// - Returns: the realm, or 0.
/// - Requires: Linux 4.4.
BPF_HELPER uint32_t bpf_get_route_realm(struct __sk_buff *_Nonnull skb) {
  return ((uint32_t (*)(struct __sk_buff *))24)(skb);
}

/// Writes a sample into a perf event array; `flags` is the processor or `BPF_F_CURRENT_CPU` (0xffffffff), and bytes of packet to append from bit 32.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.4; a GPL-compatible license.
BPF_HELPER long bpf_perf_event_output(void *_Nonnull ctx, const void *_Nonnull map, uint64_t flags, const void *_Nonnull data, uint64_t size) {
  return ((long (*)(void *, const void *, uint64_t, const void *, uint64_t))25)(ctx, map, flags, data, size);
}

/// Copies from a packet, wherever its bytes are.
///
/// - Returns: 0, or a negative errno (`EFAULT`: not that long).
/// - Requires: Linux 4.5.
BPF_HELPER long bpf_skb_load_bytes(const void *_Nonnull skb, uint32_t offset, void *_Nonnull to, uint32_t len) {
  return ((long (*)(const void *, uint32_t, void *, uint32_t))26)(skb, offset, to, len);
}

/// Records the call stack in a stack trace map.
///
/// - Returns: its id, or a negative errno.
/// - Requires: Linux 4.6; a GPL-compatible license, except in perf_event programs.
BPF_HELPER long bpf_get_stackid(void *_Nonnull ctx, const void *_Nonnull map, uint64_t flags) {
  return ((long (*)(void *, const void *, uint64_t))27)(ctx, map, flags);
}

/// The difference of two buffers' one's complement sums, added to `seed`; sizes are multiples of 4 and may be 0.
///
/// - Returns: the difference, or a negative errno.
/// - Requires: Linux 4.6.
BPF_HELPER int64_t bpf_csum_diff(const void *_Nullable from, uint32_t from_size, const void *_Nullable to, uint32_t to_size, uint32_t seed) {
  return ((int64_t (*)(const void *, uint32_t, const void *, uint32_t, uint32_t))28)(from, from_size, to, to_size, seed);
}

/// Reads the tunnel's options.
///
/// - Returns: their size in bytes, or a negative errno.
/// - Requires: Linux 4.6.
BPF_HELPER long bpf_skb_get_tunnel_opt(struct __sk_buff *_Nonnull skb, void *_Nonnull opt, uint32_t size) {
  return ((long (*)(struct __sk_buff *, void *, uint32_t))29)(skb, opt, size);
}

/// Sets the tunnel's options.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.6.
BPF_HELPER long bpf_skb_set_tunnel_opt(struct __sk_buff *_Nonnull skb, const void *_Nonnull opt, uint32_t size) {
  return ((long (*)(struct __sk_buff *, const void *, uint32_t))30)(skb, opt, size);
}

/// Makes room to turn IPv4 into IPv6 or back; `proto` in network order. Invalidates packet pointers.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.8.
BPF_HELPER long bpf_skb_change_proto(struct __sk_buff *_Nonnull skb, uint16_t proto, uint64_t flags) {
  return ((long (*)(struct __sk_buff *, uint16_t, uint64_t))31)(skb, proto, flags);
}

/// Changes whom the packet counts as sent to (`PACKET_HOST` and so on).
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.8.
BPF_HELPER long bpf_skb_change_type(struct __sk_buff *_Nonnull skb, uint32_t type) {
  return ((long (*)(struct __sk_buff *, uint32_t))32)(skb, type);
}

/// Whether the packet's socket is in or below a cgroup of a cgroup array.
///
/// - Returns: 1, 0, or a negative errno.
/// - Requires: Linux 4.8.
BPF_HELPER long bpf_skb_under_cgroup(struct __sk_buff *_Nonnull skb, const void *_Nonnull map, uint32_t index) {
  return ((long (*)(struct __sk_buff *, const void *, uint32_t))33)(skb, map, index);
}

/// The packet's flow hash, computed if need be.
///
/// - Returns: the hash.
/// - Requires: Linux 4.8.
BPF_HELPER uint32_t bpf_get_hash_recalc(struct __sk_buff *_Nonnull skb) {
  return ((uint32_t (*)(struct __sk_buff *))34)(skb);
}

/// The running thread's `task_struct`, as an address to be read by `bpf_probe_read_kernel`.
///
/// - Returns: the address.
/// - Requires: Linux 4.8; a GPL-compatible license.
BPF_HELPER uint64_t bpf_get_current_task(void) {
  return ((uint64_t (*)(void))35)();
}

/// Writes into the running process; for debugging, and logged by the kernel.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.8; a GPL-compatible license.
BPF_HELPER long bpf_probe_write_user(void *_Nonnull dst, const void *_Nonnull src, uint32_t len) {
  return ((long (*)(void *, const void *, uint32_t))36)(dst, src, len);
}

/// Whether the running thread is in or below a cgroup of a cgroup array.
///
/// - Returns: 1, 0, or a negative errno.
/// - Requires: Linux 4.9.
BPF_HELPER long bpf_current_task_under_cgroup(const void *_Nonnull map, uint32_t index) {
  return ((long (*)(const void *, uint32_t))37)(map, index);
}

/// Shortens or lengthens a packet to `len` bytes. Invalidates packet pointers.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.9.
BPF_HELPER long bpf_skb_change_tail(struct __sk_buff *_Nonnull skb, uint32_t len, uint64_t flags) {
  return ((long (*)(struct __sk_buff *, uint32_t, uint64_t))38)(skb, len, flags);
}

/// Makes `len` bytes (0: all) readable and writable through packet pointers. Invalidates packet pointers.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.9.
BPF_HELPER long bpf_skb_pull_data(struct __sk_buff *_Nonnull skb, uint32_t len) {
  return ((long (*)(struct __sk_buff *, uint32_t))39)(skb, len);
}

/// Adds a sum to the packet's hardware checksum.
///
/// - Returns: the new sum, or a negative errno.
/// - Requires: Linux 4.9.
BPF_HELPER int64_t bpf_csum_update(struct __sk_buff *_Nonnull skb, uint32_t csum) {
  return ((int64_t (*)(struct __sk_buff *, uint32_t))40)(skb, csum);
}

/// Forgets the packet's flow hash.
///
/// - Requires: Linux 4.9.
BPF_HELPER void bpf_set_hash_invalid(struct __sk_buff *_Nonnull skb) {
  ((void (*)(struct __sk_buff *))41)(skb);
}

/// The memory node of the processor that runs the program.
///
/// - Returns: its number.
/// - Requires: Linux 4.10.
BPF_HELPER long bpf_get_numa_node_id(void) {
  return ((long (*)(void))42)();
}

/// Makes `len` bytes of room for a link header. Invalidates packet pointers.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.10.
BPF_HELPER long bpf_skb_change_head(struct __sk_buff *_Nonnull skb, uint32_t len, uint64_t flags) {
  return ((long (*)(struct __sk_buff *, uint32_t, uint64_t))43)(skb, len, flags);
}

/// Moves the packet's start; negative makes room. Invalidates packet pointers.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.10.
BPF_HELPER long bpf_xdp_adjust_head(struct xdp_md *_Nonnull xdp_md, int32_t delta) {
  return ((long (*)(struct xdp_md *, int32_t))44)(xdp_md, delta);
}

/// Copies a C string of either address space; prefer the `_user` and `_kernel` forms.
///
/// - Returns: bytes copied with the closing zero byte, or a negative errno.
/// - Requires: Linux 4.11; a GPL-compatible license.
BPF_HELPER long bpf_probe_read_str(void *_Nonnull dst, uint32_t size, const void *_Nullable unsafe_ptr) {
  return ((long (*)(void *, uint32_t, const void *))45)(dst, size, unsafe_ptr);
}

/// A number that names the context's socket as long as the machine runs.
///
/// - Returns: the cookie, or 0.
/// - Requires: Linux 4.12.
BPF_HELPER uint64_t bpf_get_socket_cookie(void *_Nonnull ctx) {
  return ((uint64_t (*)(void *))46)(ctx);
}

/// The user who owns the packet's socket.
///
/// - Returns: the user id; 65534 if unknown.
/// - Requires: Linux 4.12.
BPF_HELPER uint32_t bpf_get_socket_uid(struct __sk_buff *_Nonnull skb) {
  return ((uint32_t (*)(struct __sk_buff *))47)(skb);
}

/// Sets the packet's flow hash.
///
/// - Returns: 0.
/// - Requires: Linux 4.13.
BPF_HELPER long bpf_set_hash(struct __sk_buff *_Nonnull skb, uint32_t hash) {
  return ((long (*)(struct __sk_buff *, uint32_t))48)(skb, hash);
}

/// Sets an option of the context's socket.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.13.
BPF_HELPER long bpf_setsockopt(void *_Nonnull bpf_socket, int32_t level, int32_t optname, const void *_Nonnull optval, int32_t optlen) {
  return ((long (*)(void *, int32_t, int32_t, const void *, int32_t))49)(bpf_socket, level, optname, optval, optlen);
}

/// Grows or shrinks the packet behind its link (`mode` 1) or network (0) header. Invalidates packet pointers.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.13.
BPF_HELPER long bpf_skb_adjust_room(struct __sk_buff *_Nonnull skb, int32_t len_diff, uint32_t mode, uint64_t flags) {
  return ((long (*)(struct __sk_buff *, int32_t, uint32_t, uint64_t))50)(skb, len_diff, mode, flags);
}

/// Sends the packet to an entry of a device, processor or AF_XDP map; the low two bits of `flags` are returned if there is none.
///
/// - Returns: `XDP_REDIRECT`, or those bits.
/// - Requires: Linux 4.14.
BPF_HELPER long bpf_redirect_map(const void *_Nonnull map, uint64_t key, uint64_t flags) {
  return ((long (*)(const void *, uint64_t, uint64_t))51)(map, key, flags);
}

/// Sends the data to a socket of a sock map; `flags` 1: into it.
///
/// - Returns: `SK_PASS` or `SK_DROP`.
/// - Requires: Linux 4.14.
BPF_HELPER long bpf_sk_redirect_map(struct __sk_buff *_Nonnull skb, const void *_Nonnull map, uint32_t key, uint64_t flags) {
  return ((long (*)(struct __sk_buff *, const void *, uint32_t, uint64_t))52)(skb, map, key, flags);
}

/// Puts the context's socket into a sock map.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.14.
BPF_HELPER long bpf_sock_map_update(struct bpf_sock_ops *_Nonnull skops, const void *_Nonnull map, void *_Nonnull key, uint64_t flags) {
  return ((long (*)(struct bpf_sock_ops *, const void *, void *, uint64_t))53)(skops, map, key, flags);
}

/// Moves the start of the metadata before the packet; a multiple of 4. Invalidates packet pointers.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.15.
BPF_HELPER long bpf_xdp_adjust_meta(struct xdp_md *_Nonnull xdp_md, int32_t delta) {
  return ((long (*)(struct xdp_md *, int32_t))54)(xdp_md, delta);
}

/// Reads a perf counter and how long it ran.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.15; a GPL-compatible license.
BPF_HELPER long bpf_perf_event_read_value(const void *_Nonnull map, uint64_t flags, struct bpf_perf_event_value *_Nonnull buf, uint32_t buf_size) {
  return ((long (*)(const void *, uint64_t, struct bpf_perf_event_value *, uint32_t))55)(map, flags, buf, buf_size);
}

/// Reads the counter of the perf event that runs the program.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.15; a GPL-compatible license.
BPF_HELPER long bpf_perf_prog_read_value(void *_Nonnull ctx, struct bpf_perf_event_value *_Nonnull buf, uint32_t buf_size) {
  return ((long (*)(void *, struct bpf_perf_event_value *, uint32_t))56)(ctx, buf, buf_size);
}

/// Reads an option of the context's socket.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.15.
BPF_HELPER long bpf_getsockopt(void *_Nonnull bpf_socket, int32_t level, int32_t optname, void *_Nonnull optval, int32_t optlen) {
  return ((long (*)(void *, int32_t, int32_t, void *, int32_t))57)(bpf_socket, level, optname, optval, optlen);
}

/// Returns `rc` from the probed function at once; only functions that the kernel marks for error injection.
///
/// - Returns: 0.
/// - Requires: Linux 4.16; a GPL-compatible license.
BPF_HELPER long bpf_override_return(void *_Nonnull regs, uint64_t rc) {
  return ((long (*)(void *, uint64_t))58)(regs, rc);
}

/// Chooses which events of this connection run the program.
///
/// - Returns: 0, or the flags that are not supported.
/// - Requires: Linux 4.16.
BPF_HELPER long bpf_sock_ops_cb_flags_set(struct bpf_sock_ops *_Nonnull bpf_sock, int32_t argval) {
  return ((long (*)(struct bpf_sock_ops *, int32_t))59)(bpf_sock, argval);
}

/// Sends the message to a socket of a sock map; `flags` 1: into it.
///
/// - Returns: `SK_PASS` or `SK_DROP`.
/// - Requires: Linux 4.17.
BPF_HELPER long bpf_msg_redirect_map(struct sk_msg_md *_Nonnull msg, const void *_Nonnull map, uint32_t key, uint64_t flags) {
  return ((long (*)(struct sk_msg_md *, const void *, uint32_t, uint64_t))60)(msg, map, key, flags);
}

/// Lets the verdict hold for the next bytes of the stream.
///
/// - Returns: 0.
/// - Requires: Linux 4.17.
BPF_HELPER long bpf_msg_apply_bytes(struct sk_msg_md *_Nonnull msg, uint32_t bytes) {
  return ((long (*)(struct sk_msg_md *, uint32_t))61)(msg, bytes);
}

/// Holds the message until there are so many bytes.
///
/// - Returns: 0.
/// - Requires: Linux 4.17.
BPF_HELPER long bpf_msg_cork_bytes(struct sk_msg_md *_Nonnull msg, uint32_t bytes) {
  return ((long (*)(struct sk_msg_md *, uint32_t))62)(msg, bytes);
}

/// Makes bytes of the message readable and writable through its pointers. Invalidates packet pointers.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.17.
BPF_HELPER long bpf_msg_pull_data(struct sk_msg_md *_Nonnull msg, uint32_t start, uint32_t end, uint64_t flags) {
  return ((long (*)(struct sk_msg_md *, uint32_t, uint32_t, uint64_t))63)(msg, start, end, flags);
}

/// Binds the context's socket to a source address before it connects.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.17.
BPF_HELPER long bpf_bind(struct bpf_sock_addr *_Nonnull ctx, const void *_Nonnull addr, int32_t addr_len) {
  return ((long (*)(struct bpf_sock_addr *, const void *, int32_t))64)(ctx, addr, addr_len);
}

/// Moves the packet's end. Invalidates packet pointers.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.18.
BPF_HELPER long bpf_xdp_adjust_tail(struct xdp_md *_Nonnull xdp_md, int32_t delta) {
  return ((long (*)(struct xdp_md *, int32_t))65)(xdp_md, delta);
}

/// Reads an entry of the packet's IPsec path.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.18.
BPF_HELPER long bpf_skb_get_xfrm_state(struct __sk_buff *_Nonnull skb, uint32_t index, struct bpf_xfrm_state *_Nonnull xfrm_state, uint32_t size, uint64_t flags) {
  return ((long (*)(struct __sk_buff *, uint32_t, struct bpf_xfrm_state *, uint32_t, uint64_t))66)(skb, index, xfrm_state, size, flags);
}

/// Writes the call stack as addresses; the low eight bits of `flags` are frames to skip, 0x100: user space's.
///
/// - Returns: bytes written, or a negative errno.
/// - Requires: Linux 4.18; a GPL-compatible license.
BPF_HELPER long bpf_get_stack(void *_Nonnull ctx, void *_Nonnull buf, uint32_t size, uint64_t flags) {
  return ((long (*)(void *, void *, uint32_t, uint64_t))67)(ctx, buf, size, flags);
}

/// Copies from a packet, counted from its link (0) or network (1) header.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.18.
BPF_HELPER long bpf_skb_load_bytes_relative(const void *_Nonnull skb, uint32_t offset, void *_Nonnull to, uint32_t len, uint32_t start_header) {
  return ((long (*)(const void *, uint32_t, void *, uint32_t, uint32_t))68)(skb, offset, to, len, start_header);
}

/// Looks up the route and the neighbour for a packet.
///
/// - Returns: 0: forward it; above: why not (`BPF_FIB_LKUP_RET_...`); or a negative errno.
/// - Requires: Linux 4.18; a GPL-compatible license.
BPF_HELPER long bpf_fib_lookup(void *_Nonnull ctx, struct bpf_fib_lookup *_Nonnull params, int32_t plen, uint32_t flags) {
  return ((long (*)(void *, struct bpf_fib_lookup *, int32_t, uint32_t))69)(ctx, params, plen, flags);
}

/// Puts the context's socket into a sock hash.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.18.
BPF_HELPER long bpf_sock_hash_update(struct bpf_sock_ops *_Nonnull skops, const void *_Nonnull map, void *_Nonnull key, uint64_t flags) {
  return ((long (*)(struct bpf_sock_ops *, const void *, void *, uint64_t))70)(skops, map, key, flags);
}

/// Sends the message to a socket of a sock hash; `flags` 1: into it.
///
/// - Returns: `SK_PASS` or `SK_DROP`.
/// - Requires: Linux 4.18.
BPF_HELPER long bpf_msg_redirect_hash(struct sk_msg_md *_Nonnull msg, const void *_Nonnull map, void *_Nonnull key, uint64_t flags) {
  return ((long (*)(struct sk_msg_md *, const void *, void *, uint64_t))71)(msg, map, key, flags);
}

/// Sends the data to a socket of a sock hash; `flags` 1: into it.
///
/// - Returns: `SK_PASS` or `SK_DROP`.
/// - Requires: Linux 4.18.
BPF_HELPER long bpf_sk_redirect_hash(struct __sk_buff *_Nonnull skb, const void *_Nonnull map, void *_Nonnull key, uint64_t flags) {
  return ((long (*)(struct __sk_buff *, const void *, void *, uint64_t))72)(skb, map, key, flags);
}

/// Puts an outer header before the packet of a lightweight tunnel. Invalidates packet pointers.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.18.
BPF_HELPER long bpf_lwt_push_encap(struct __sk_buff *_Nonnull skb, uint32_t type, const void *_Nonnull hdr, uint32_t len) {
  return ((long (*)(struct __sk_buff *, uint32_t, const void *, uint32_t))73)(skb, type, hdr, len);
}

/// Writes into the outermost segment routing header. Invalidates packet pointers.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.18.
BPF_HELPER long bpf_lwt_seg6_store_bytes(struct __sk_buff *_Nonnull skb, uint32_t offset, const void *_Nonnull from, uint32_t len) {
  return ((long (*)(struct __sk_buff *, uint32_t, const void *, uint32_t))74)(skb, offset, from, len);
}

/// Grows or shrinks the outermost segment routing header. Invalidates packet pointers.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.18.
BPF_HELPER long bpf_lwt_seg6_adjust_srh(struct __sk_buff *_Nonnull skb, uint32_t offset, int32_t delta) {
  return ((long (*)(struct __sk_buff *, uint32_t, int32_t))75)(skb, offset, delta);
}

/// Does a segment routing action. Invalidates packet pointers.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.18.
BPF_HELPER long bpf_lwt_seg6_action(struct __sk_buff *_Nonnull skb, uint32_t action, void *_Nonnull param, uint32_t param_len) {
  return ((long (*)(struct __sk_buff *, uint32_t, void *, uint32_t))76)(skb, action, param, param_len);
}

/// Reports that a remote control's key is still held.
///
/// - Returns: 0.
/// - Requires: Linux 4.18; a GPL-compatible license.
BPF_HELPER long bpf_rc_repeat(void *_Nonnull ctx) {
  return ((long (*)(void *))77)(ctx);
}

/// Reports a key of a remote control.
///
/// - Returns: 0.
/// - Requires: Linux 4.18; a GPL-compatible license.
BPF_HELPER long bpf_rc_keydown(void *_Nonnull ctx, uint32_t protocol, uint64_t scancode, uint32_t toggle) {
  return ((long (*)(void *, uint32_t, uint64_t, uint32_t))78)(ctx, protocol, scancode, toggle);
}

/// The cgroup of the packet's socket.
///
/// - Returns: the cgroup's id, or 0.
/// - Requires: Linux 4.18.
BPF_HELPER uint64_t bpf_skb_cgroup_id(struct __sk_buff *_Nonnull skb) {
  return ((uint64_t (*)(struct __sk_buff *))79)(skb);
}

/// The running thread's cgroup (v2).
///
/// - Returns: the cgroup's id.
/// - Requires: Linux 4.18.
BPF_HELPER uint64_t bpf_get_current_cgroup_id(void) {
  return ((uint64_t (*)(void))80)();
}

/// The storage of this program's cgroup; `flags` is 0.
///
/// - Returns: the storage, never null.
/// - Requires: Linux 4.19.
BPF_HELPER void *_Nonnull bpf_get_local_storage(const void *_Nonnull map, uint64_t flags) {
  return ((void * (*)(const void *, uint64_t))81)(map, flags);
}

/// Chooses the socket of a reuseport group.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.19.
BPF_HELPER long bpf_sk_select_reuseport(struct sk_reuseport_md *_Nonnull reuse, const void *_Nonnull map, const void *_Nonnull key, uint64_t flags) {
  return ((long (*)(struct sk_reuseport_md *, const void *, const void *, uint64_t))82)(reuse, map, key, flags);
}

/// The cgroup above the packet's socket, counted from the root (0).
///
/// - Returns: the cgroup's id, or 0.
/// - Requires: Linux 4.19.
BPF_HELPER uint64_t bpf_skb_ancestor_cgroup_id(struct __sk_buff *_Nonnull skb, int32_t ancestor_level) {
  return ((uint64_t (*)(struct __sk_buff *, int32_t))83)(skb, ancestor_level);
}

/// Finds a TCP socket by addresses and ports; `netns` -1: the context's. To be given back by `bpf_sk_release`.
///
/// - Returns: the socket, or null.
/// - Requires: Linux 4.20.
BPF_HELPER struct bpf_sock *_Nullable bpf_sk_lookup_tcp(void *_Nonnull ctx, const struct bpf_sock_tuple *_Nonnull tuple, uint32_t tuple_size, uint64_t netns, uint64_t flags) {
  return ((struct bpf_sock * (*)(void *, const struct bpf_sock_tuple *, uint32_t, uint64_t, uint64_t))84)(ctx, tuple, tuple_size, netns, flags);
}

/// Finds a UDP socket by addresses and ports; `netns` -1: the context's. To be given back by `bpf_sk_release`.
///
/// - Returns: the socket, or null.
/// - Requires: Linux 4.20.
BPF_HELPER struct bpf_sock *_Nullable bpf_sk_lookup_udp(void *_Nonnull ctx, const struct bpf_sock_tuple *_Nonnull tuple, uint32_t tuple_size, uint64_t netns, uint64_t flags) {
  return ((struct bpf_sock * (*)(void *, const struct bpf_sock_tuple *, uint32_t, uint64_t, uint64_t))85)(ctx, tuple, tuple_size, netns, flags);
}

/// Gives back a socket that a lookup found.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.20.
BPF_HELPER long bpf_sk_release(void *_Nonnull sock) {
  return ((long (*)(void *))86)(sock);
}

/// Adds to a queue, stack or bloom filter; `flags` `BPF_EXIST` (2): the oldest makes room.
///
/// - Returns: 0, or a negative errno (`E2BIG`: full).
/// - Requires: Linux 4.20.
BPF_HELPER long bpf_map_push_elem(const void *_Nonnull map, const void *_Nonnull value, uint64_t flags) {
  return ((long (*)(const void *, const void *, uint64_t))87)(map, value, flags);
}

/// Takes the next value from a queue or stack.
///
/// - Returns: 0, or a negative errno (`ENOENT`: empty).
/// - Requires: Linux 4.20.
BPF_HELPER long bpf_map_pop_elem(const void *_Nonnull map, void *_Nonnull value) {
  return ((long (*)(const void *, void *))88)(map, value);
}

/// Copies the next value of a queue or stack; asks a bloom filter whether it may hold the value.
///
/// - Returns: 0, or a negative errno (`ENOENT`: empty, or surely not in it).
/// - Requires: Linux 4.20.
BPF_HELPER long bpf_map_peek_elem(const void *_Nonnull map, void *_Nonnull value) {
  return ((long (*)(const void *, void *))89)(map, value);
}

/// Makes room for `len` bytes inside the message. Invalidates packet pointers.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 4.20.
BPF_HELPER long bpf_msg_push_data(struct sk_msg_md *_Nonnull msg, uint32_t start, uint32_t len, uint64_t flags) {
  return ((long (*)(struct sk_msg_md *, uint32_t, uint32_t, uint64_t))90)(msg, start, len, flags);
}

/// Removes bytes from the message. Invalidates packet pointers.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.0.
BPF_HELPER long bpf_msg_pop_data(struct sk_msg_md *_Nonnull msg, uint32_t start, uint32_t len, uint64_t flags) {
  return ((long (*)(struct sk_msg_md *, uint32_t, uint32_t, uint64_t))91)(msg, start, len, flags);
}

/// Reports that a remote control moved its pointer.
///
/// - Returns: 0.
/// - Requires: Linux 5.0; a GPL-compatible license.
BPF_HELPER long bpf_rc_pointer_rel(void *_Nonnull ctx, int32_t rel_x, int32_t rel_y) {
  return ((long (*)(void *, int32_t, int32_t))92)(ctx, rel_x, rel_y);
}

/// Takes the lock of a map value; one at a time, and no calls until it is given back.
///
/// - Returns: 0.
/// - Requires: Linux 5.1.
BPF_HELPER long bpf_spin_lock(struct bpf_spin_lock *_Nonnull lock) {
  return ((long (*)(struct bpf_spin_lock *))93)(lock);
}

/// Gives back the lock of a map value.
///
/// - Returns: 0.
/// - Requires: Linux 5.1.
BPF_HELPER long bpf_spin_unlock(struct bpf_spin_lock *_Nonnull lock) {
  return ((long (*)(struct bpf_spin_lock *))94)(lock);
}

/// The full socket, so that all its fields can be read.
///
/// - Returns: the socket, or null (a request or TIME_WAIT socket).
/// - Requires: Linux 5.1.
BPF_HELPER struct bpf_sock *_Nullable bpf_sk_fullsock(struct bpf_sock *_Nonnull sk) {
  return ((struct bpf_sock * (*)(struct bpf_sock *))95)(sk);
}

/// The TCP part of a full socket.
///
/// - Returns: that part, or null.
/// - Requires: Linux 5.1.
BPF_HELPER struct bpf_tcp_sock *_Nullable bpf_tcp_sock(struct bpf_sock *_Nonnull sk) {
  return ((struct bpf_tcp_sock * (*)(struct bpf_sock *))96)(sk);
}

/// Marks the packet as having met congestion, if its ECN bits allow.
///
/// - Returns: 1: marked, 0: not.
/// - Requires: Linux 5.1.
BPF_HELPER long bpf_skb_ecn_set_ce(struct __sk_buff *_Nonnull skb) {
  return ((long (*)(struct __sk_buff *))97)(skb);
}

/// The socket itself if it listens.
///
/// - Returns: the socket, or null.
/// - Requires: Linux 5.1.
BPF_HELPER struct bpf_sock *_Nullable bpf_get_listener_sock(struct bpf_sock *_Nonnull sk) {
  return ((struct bpf_sock * (*)(struct bpf_sock *))98)(sk);
}

/// Finds a TCP socket, also one in TIME_WAIT or a request. To be given back by `bpf_sk_release`.
///
/// - Returns: the socket, or null.
/// - Requires: Linux 5.2.
BPF_HELPER struct bpf_sock *_Nullable bpf_skc_lookup_tcp(void *_Nonnull ctx, const struct bpf_sock_tuple *_Nonnull tuple, uint32_t tuple_size, uint64_t netns, uint64_t flags) {
  return ((struct bpf_sock * (*)(void *, const struct bpf_sock_tuple *, uint32_t, uint64_t, uint64_t))99)(ctx, tuple, tuple_size, netns, flags);
}

/// Whether an ACK carries a valid SYN cookie for a listening socket.
///
/// - Returns: 0: yes; `-ENOENT`: no; or another negative errno.
/// - Requires: Linux 5.2; a GPL-compatible license.
BPF_HELPER long bpf_tcp_check_syncookie(void *_Nonnull sk, const void *_Nonnull iph, uint32_t iph_len, const void *_Nonnull th, uint32_t th_len) {
  return ((long (*)(void *, const void *, uint32_t, const void *, uint32_t))100)(sk, iph, iph_len, th, th_len);
}

/// Copies the name of the sysctl with its path below /proc/sys; `flags` 1: the last part only.
///
/// - Returns: characters without the closing zero byte, or `-E2BIG`: cut.
/// - Requires: Linux 5.2.
BPF_HELPER long bpf_sysctl_get_name(struct bpf_sysctl *_Nonnull ctx, char *_Nonnull buf, uint64_t buf_len, uint64_t flags) {
  return ((long (*)(struct bpf_sysctl *, char *, uint64_t, uint64_t))101)(ctx, buf, buf_len, flags);
}

/// Copies the sysctl's current value as text.
///
/// - Returns: characters without the closing zero byte, or a negative errno.
/// - Requires: Linux 5.2.
BPF_HELPER long bpf_sysctl_get_current_value(struct bpf_sysctl *_Nonnull ctx, char *_Nonnull buf, uint64_t buf_len) {
  return ((long (*)(struct bpf_sysctl *, char *, uint64_t))102)(ctx, buf, buf_len);
}

/// Copies the text that is being written to the sysctl.
///
/// - Returns: characters without the closing zero byte, or a negative errno.
/// - Requires: Linux 5.2.
BPF_HELPER long bpf_sysctl_get_new_value(struct bpf_sysctl *_Nonnull ctx, char *_Nonnull buf, uint64_t buf_len) {
  return ((long (*)(struct bpf_sysctl *, char *, uint64_t))103)(ctx, buf, buf_len);
}

/// Replaces the text that is being written to the sysctl.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.2.
BPF_HELPER long bpf_sysctl_set_new_value(struct bpf_sysctl *_Nonnull ctx, const char *_Nonnull buf, uint64_t buf_len) {
  return ((long (*)(struct bpf_sysctl *, const char *, uint64_t))104)(ctx, buf, buf_len);
}

/// Reads a signed number from text; the low bits of `flags` are the base (0, 8, 10, 16).
///
/// - Returns: characters read, or a negative errno.
/// - Requires: Linux 5.2.
BPF_HELPER long bpf_strtol(const char *_Nonnull buf, uint64_t buf_len, uint64_t flags, int64_t *_Nonnull res) {
  return ((long (*)(const char *, uint64_t, uint64_t, int64_t *))105)(buf, buf_len, flags, res);
}

/// Reads an unsigned number from text; the low bits of `flags` are the base (0, 8, 10, 16).
///
/// - Returns: characters read, or a negative errno.
/// - Requires: Linux 5.2.
BPF_HELPER long bpf_strtoul(const char *_Nonnull buf, uint64_t buf_len, uint64_t flags, uint64_t *_Nonnull res) {
  return ((long (*)(const char *, uint64_t, uint64_t, uint64_t *))106)(buf, buf_len, flags, res);
}

/// The map's storage for a socket; `flags` 1: made from `value` (or zeroes) if absent.
///
/// - Returns: the storage, or null.
/// - Requires: Linux 5.2.
BPF_HELPER void *_Nullable bpf_sk_storage_get(const void *_Nonnull map, void *_Nonnull sk, const void *_Nullable value, uint64_t flags) {
  return ((void * (*)(const void *, void *, const void *, uint64_t))107)(map, sk, value, flags);
}

/// Removes the map's storage for a socket.
///
/// - Returns: 0, or a negative errno (`ENOENT`: absent).
/// - Requires: Linux 5.2.
BPF_HELPER long bpf_sk_storage_delete(const void *_Nonnull map, void *_Nonnull sk) {
  return ((long (*)(const void *, void *))108)(map, sk);
}

/// Sends a signal to the running process.
///
/// - Returns: 0, or a negative errno (`EBUSY`: the queue is full).
/// - Requires: Linux 5.3.
BPF_HELPER long bpf_send_signal(uint32_t sig) {
  return ((long (*)(uint32_t))109)(sig);
}

/// Makes a SYN cookie for a listening socket.
///
/// - Returns: the cookie in the low, the MSS in the upper 32 bits, or a negative errno.
/// - Requires: Linux 5.4; a GPL-compatible license.
BPF_HELPER int64_t bpf_tcp_gen_syncookie(void *_Nonnull sk, const void *_Nonnull iph, uint32_t iph_len, const void *_Nonnull th, uint32_t th_len) {
  return ((int64_t (*)(void *, const void *, uint32_t, const void *, uint32_t))110)(sk, iph, iph_len, th, th_len);
}

/// `bpf_perf_event_output` for tracing programs that hold a `sk_buff`.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.5; a GPL-compatible license.
BPF_HELPER long bpf_skb_output(const void *_Nonnull ctx, const void *_Nonnull map, uint64_t flags, const void *_Nonnull data, uint64_t size) {
  return ((long (*)(const void *, const void *, uint64_t, const void *, uint64_t))111)(ctx, map, flags, data, size);
}

/// Copies from the running process.
///
/// - Returns: 0, or a negative errno; `dst` is then zeroed.
/// - Requires: Linux 5.5; a GPL-compatible license.
BPF_HELPER long bpf_probe_read_user(void *_Nonnull dst, uint32_t size, const void *_Nullable unsafe_ptr) {
  return ((long (*)(void *, uint32_t, const void *))112)(dst, size, unsafe_ptr);
}

/// Copies from the kernel.
///
/// - Returns: 0, or a negative errno; `dst` is then zeroed.
/// - Requires: Linux 5.5; a GPL-compatible license.
BPF_HELPER long bpf_probe_read_kernel(void *_Nonnull dst, uint32_t size, const void *_Nullable unsafe_ptr) {
  return ((long (*)(void *, uint32_t, const void *))113)(dst, size, unsafe_ptr);
}

/// Copies a C string from the running process, cut at `size`.
///
/// - Returns: bytes copied with the closing zero byte, or a negative errno.
/// - Requires: Linux 5.5; a GPL-compatible license.
BPF_HELPER long bpf_probe_read_user_str(void *_Nonnull dst, uint32_t size, const void *_Nullable unsafe_ptr) {
  return ((long (*)(void *, uint32_t, const void *))114)(dst, size, unsafe_ptr);
}

/// Copies a C string from the kernel, cut at `size`.
///
/// - Returns: bytes copied with the closing zero byte, or a negative errno.
/// - Requires: Linux 5.5; a GPL-compatible license.
BPF_HELPER long bpf_probe_read_kernel_str(void *_Nonnull dst, uint32_t size, const void *_Nullable unsafe_ptr) {
  return ((long (*)(void *, uint32_t, const void *))115)(dst, size, unsafe_ptr);
}

/// Sends an ACK from a congestion control program.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.6.
BPF_HELPER long bpf_tcp_send_ack(void *_Nonnull tp, uint32_t rcv_nxt) {
  return ((long (*)(void *, uint32_t))116)(tp, rcv_nxt);
}

/// Sends a signal to the running thread.
///
/// - Returns: 0, or a negative errno (`EBUSY`: the queue is full).
/// - Requires: Linux 5.6.
BPF_HELPER long bpf_send_signal_thread(uint32_t sig) {
  return ((long (*)(uint32_t))117)(sig);
}

/// The kernel's tick count.
///
/// - Returns: ticks.
/// - Requires: Linux 5.6.
BPF_HELPER uint64_t bpf_jiffies64(void) {
  return ((uint64_t (*)(void))118)();
}

/// Copies the processor's branch records of a perf event; `flags` 1: only asks for their size.
///
/// - Returns: bytes, or a negative errno.
/// - Requires: Linux 5.7; a GPL-compatible license.
BPF_HELPER long bpf_read_branch_records(void *_Nonnull ctx, void *_Nullable buf, uint32_t size, uint64_t flags) {
  return ((long (*)(void *, void *, uint32_t, uint64_t))119)(ctx, buf, size, flags);
}

/// The running thread as seen in the PID namespace whose file is `dev`, `ino`.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.7.
BPF_HELPER long bpf_get_ns_current_pid_tgid(uint64_t dev, uint64_t ino, struct bpf_pidns_info *_Nonnull nsdata, uint32_t size) {
  return ((long (*)(uint64_t, uint64_t, struct bpf_pidns_info *, uint32_t))120)(dev, ino, nsdata, size);
}

/// `bpf_perf_event_output` for tracing programs that hold an `xdp_buff`.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.7; a GPL-compatible license.
BPF_HELPER long bpf_xdp_output(const void *_Nonnull ctx, const void *_Nonnull map, uint64_t flags, const void *_Nonnull data, uint64_t size) {
  return ((long (*)(const void *, const void *, uint64_t, const void *, uint64_t))121)(ctx, map, flags, data, size);
}

/// A number that names the context's network namespace; null: the initial one.
///
/// - Returns: the cookie.
/// - Requires: Linux 5.7.
BPF_HELPER uint64_t bpf_get_netns_cookie(void *_Nullable ctx) {
  return ((uint64_t (*)(void *))122)(ctx);
}

/// The cgroup above the running thread, counted from the root (0).
///
/// - Returns: the cgroup's id, or 0.
/// - Requires: Linux 5.7.
BPF_HELPER uint64_t bpf_get_current_ancestor_cgroup_id(int32_t ancestor_level) {
  return ((uint64_t (*)(int32_t))123)(ancestor_level);
}

/// Chooses the socket that a packet or a lookup goes to; null (lookup only): takes the choice back.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.7.
BPF_HELPER long bpf_sk_assign(void *_Nonnull ctx, void *_Nullable sk, uint64_t flags) {
  return ((long (*)(void *, void *, uint64_t))124)(ctx, sk, flags);
}

/// Boot-time clock, which goes on while the machine sleeps.
///
/// - Returns: nanoseconds since boot.
/// - Requires: Linux 5.8.
BPF_HELPER uint64_t bpf_ktime_get_boot_ns(void) {
  return ((uint64_t (*)(void))125)();
}

/// Prints to an iterator's file; `data` is an array of u64 arguments, `data_len` its bytes.
///
/// - Returns: 0, or `-EOVERFLOW`: the kernel runs the program again with more room.
/// - Requires: Linux 5.8; a GPL-compatible license.
BPF_HELPER long bpf_seq_printf(struct seq_file *_Nonnull m, const char *_Nonnull fmt, uint32_t fmt_size, const void *_Nullable data, uint32_t data_len) {
  return ((long (*)(struct seq_file *, const char *, uint32_t, const void *, uint32_t))126)(m, fmt, fmt_size, data, data_len);
}

/// Writes bytes to an iterator's file.
///
/// - Returns: 0, or `-EOVERFLOW`: the kernel runs the program again with more room.
/// - Requires: Linux 5.8; a GPL-compatible license.
BPF_HELPER long bpf_seq_write(struct seq_file *_Nonnull m, const void *_Nonnull data, uint32_t len) {
  return ((long (*)(struct seq_file *, const void *, uint32_t))127)(m, data, len);
}

/// The cgroup of a socket.
///
/// - Returns: the cgroup's id, or 0.
/// - Requires: Linux 5.8.
BPF_HELPER uint64_t bpf_sk_cgroup_id(void *_Nonnull sk) {
  return ((uint64_t (*)(void *))128)(sk);
}

/// The cgroup above a socket, counted from the root (0).
///
/// - Returns: the cgroup's id, or 0.
/// - Requires: Linux 5.8.
BPF_HELPER uint64_t bpf_sk_ancestor_cgroup_id(void *_Nonnull sk, int32_t ancestor_level) {
  return ((uint64_t (*)(void *, int32_t))129)(sk, ancestor_level);
}

/// Copies a record into a ring; `flags` 1: wakes nobody, 2: wakes always.
///
/// - Returns: 0, or a negative errno (`EAGAIN`: full).
/// - Requires: Linux 5.8.
BPF_HELPER long bpf_ringbuf_output(const void *_Nonnull ringbuf, const void *_Nonnull data, uint64_t size, uint64_t flags) {
  return ((long (*)(const void *, const void *, uint64_t, uint64_t))130)(ringbuf, data, size, flags);
}

/// Reserves a record of constant size in a ring; to be submitted or discarded.
///
/// - Returns: the record, or null if the ring is full.
/// - Requires: Linux 5.8.
BPF_HELPER void *_Nullable bpf_ringbuf_reserve(const void *_Nonnull ringbuf, uint64_t size, uint64_t flags) {
  return ((void * (*)(const void *, uint64_t, uint64_t))131)(ringbuf, size, flags);
}

/// Delivers a reserved record; `flags` 1: wakes nobody, 2: wakes always.
///
/// - Requires: Linux 5.8.
BPF_HELPER void bpf_ringbuf_submit(void *_Nonnull data, uint64_t flags) {
  ((void (*)(void *, uint64_t))132)(data, flags);
}

/// Drops a reserved record.
///
/// - Requires: Linux 5.8.
BPF_HELPER void bpf_ringbuf_discard(void *_Nonnull data, uint64_t flags) {
  ((void (*)(void *, uint64_t))133)(data, flags);
}

/// Asks a ring for its unread bytes (0), size (1), read (2) or written (3) position.
///
/// - Returns: bytes.
/// - Requires: Linux 5.8.
BPF_HELPER uint64_t bpf_ringbuf_query(const void *_Nonnull ringbuf, uint64_t flags) {
  return ((uint64_t (*)(const void *, uint64_t))134)(ringbuf, flags);
}

/// Raises (1), lowers (2), resets (3) or asks for (0) how deep the hardware checked checksums.
///
/// - Returns: 0 or the level, or a negative errno.
/// - Requires: Linux 5.8.
BPF_HELPER long bpf_csum_level(struct __sk_buff *_Nonnull skb, uint64_t level) {
  return ((long (*)(struct __sk_buff *, uint64_t))135)(skb, level);
}

/// The socket as a `tcp6_sock`.
///
/// - Returns: the socket, or null.
/// - Requires: Linux 5.9.
BPF_HELPER struct tcp6_sock *_Nullable bpf_skc_to_tcp6_sock(void *_Nonnull sk) {
  return ((struct tcp6_sock * (*)(void *))136)(sk);
}

/// The socket as a `tcp_sock`.
///
/// - Returns: the socket, or null.
/// - Requires: Linux 5.9.
BPF_HELPER struct tcp_sock *_Nullable bpf_skc_to_tcp_sock(void *_Nonnull sk) {
  return ((struct tcp_sock * (*)(void *))137)(sk);
}

/// The socket as a `tcp_timewait_sock`.
///
/// - Returns: the socket, or null.
/// - Requires: Linux 5.9.
BPF_HELPER struct tcp_timewait_sock *_Nullable bpf_skc_to_tcp_timewait_sock(void *_Nonnull sk) {
  return ((struct tcp_timewait_sock * (*)(void *))138)(sk);
}

/// The socket as a `tcp_request_sock`.
///
/// - Returns: the socket, or null.
/// - Requires: Linux 5.9.
BPF_HELPER struct tcp_request_sock *_Nullable bpf_skc_to_tcp_request_sock(void *_Nonnull sk) {
  return ((struct tcp_request_sock * (*)(void *))139)(sk);
}

/// The socket as a `udp6_sock`.
///
/// - Returns: the socket, or null.
/// - Requires: Linux 5.9.
BPF_HELPER struct udp6_sock *_Nullable bpf_skc_to_udp6_sock(void *_Nonnull sk) {
  return ((struct udp6_sock * (*)(void *))140)(sk);
}

/// Writes a thread's call stack as addresses; `flags` as of `bpf_get_stack`.
///
/// - Returns: bytes written, or a negative errno.
/// - Requires: Linux 5.9.
BPF_HELPER long bpf_get_task_stack(struct task_struct *_Nonnull task, void *_Nonnull buf, uint32_t size, uint64_t flags) {
  return ((long (*)(struct task_struct *, void *, uint32_t, uint64_t))141)(task, buf, size, flags);
}

/// Finds a TCP header option.
///
/// - Returns: its bytes, or a negative errno.
/// - Requires: Linux 5.10.
BPF_HELPER long bpf_load_hdr_opt(struct bpf_sock_ops *_Nonnull skops, void *_Nonnull searchby_res, uint32_t len, uint64_t flags) {
  return ((long (*)(struct bpf_sock_ops *, void *, uint32_t, uint64_t))142)(skops, searchby_res, len, flags);
}

/// Writes a TCP header option.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.10.
BPF_HELPER long bpf_store_hdr_opt(struct bpf_sock_ops *_Nonnull skops, const void *_Nonnull from, uint32_t len, uint64_t flags) {
  return ((long (*)(struct bpf_sock_ops *, const void *, uint32_t, uint64_t))143)(skops, from, len, flags);
}

/// Reserves room for a TCP header option.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.10.
BPF_HELPER long bpf_reserve_hdr_opt(struct bpf_sock_ops *_Nonnull skops, uint32_t len, uint64_t flags) {
  return ((long (*)(struct bpf_sock_ops *, uint32_t, uint64_t))144)(skops, len, flags);
}

/// The map's storage for an inode; `flags` 1: made from `value` (or zeroes) if absent.
///
/// - Returns: the storage, or null.
/// - Requires: Linux 5.10.
BPF_HELPER void *_Nullable bpf_inode_storage_get(const void *_Nonnull map, void *_Nonnull inode, const void *_Nullable value, uint64_t flags) {
  return ((void * (*)(const void *, void *, const void *, uint64_t))145)(map, inode, value, flags);
}

/// Removes the map's storage for an inode.
///
/// - Returns: 0, or a negative errno (`ENOENT`: absent).
/// - Requires: Linux 5.10.
BPF_HELPER int32_t bpf_inode_storage_delete(const void *_Nonnull map, void *_Nonnull inode) {
  return ((int32_t (*)(const void *, void *))146)(map, inode);
}

/// Writes the full path of a `path`, in the functions that the kernel allows it in.
///
/// - Returns: bytes with the closing zero byte, or a negative errno (`ENAMETOOLONG`).
/// - Requires: Linux 5.10.
BPF_HELPER long bpf_d_path(const struct path *_Nonnull path, char *_Nonnull buf, uint32_t sz) {
  return ((long (*)(const struct path *, char *, uint32_t))147)(path, buf, sz);
}

/// Copies from the running process and may wait for its page; sleepable programs only.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.10.
BPF_HELPER long bpf_copy_from_user(void *_Nonnull dst, uint32_t size, const void *_Nullable user_ptr) {
  return ((long (*)(void *, uint32_t, const void *))148)(dst, size, user_ptr);
}

/// Prints a kernel object as text by its type.
///
/// - Returns: characters that were or would be written, or a negative errno.
/// - Requires: Linux 5.10.
BPF_HELPER long bpf_snprintf_btf(char *_Nonnull str, uint32_t str_size, const struct btf_ptr *_Nonnull ptr, uint32_t btf_ptr_size, uint64_t flags) {
  return ((long (*)(char *, uint32_t, const struct btf_ptr *, uint32_t, uint64_t))149)(str, str_size, ptr, btf_ptr_size, flags);
}

/// Prints a kernel object to an iterator's file by its type.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.10; a GPL-compatible license.
BPF_HELPER long bpf_seq_printf_btf(struct seq_file *_Nonnull m, const struct btf_ptr *_Nonnull ptr, uint32_t ptr_size, uint64_t flags) {
  return ((long (*)(struct seq_file *, const struct btf_ptr *, uint32_t, uint64_t))150)(m, ptr, ptr_size, flags);
}

/// The net_cls class of the packet's socket.
///
/// - Returns: the class, or 0.
/// - Requires: Linux 5.10.
BPF_HELPER uint64_t bpf_skb_cgroup_classid(struct __sk_buff *_Nonnull skb) {
  return ((uint64_t (*)(struct __sk_buff *))151)(skb);
}

/// Sends the packet out of an interface and fills in the neighbour's link address.
///
/// - Returns: `TC_ACT_REDIRECT`, else `TC_ACT_SHOT`.
/// - Requires: Linux 5.10.
BPF_HELPER long bpf_redirect_neigh(uint32_t ifindex, const struct bpf_redir_neigh *_Nullable params, int32_t plen, uint64_t flags) {
  return ((long (*)(uint32_t, const struct bpf_redir_neigh *, int32_t, uint64_t))152)(ifindex, params, plen, flags);
}

/// A kernel per-CPU variable on one processor.
///
/// - Returns: its address, or null if there is no such processor.
/// - Requires: Linux 5.10.
BPF_HELPER void *_Nullable bpf_per_cpu_ptr(const void *_Nonnull percpu_ptr, uint32_t cpu) {
  return ((void * (*)(const void *, uint32_t))153)(percpu_ptr, cpu);
}

/// A kernel per-CPU variable on this processor.
///
/// - Returns: its address, never null.
/// - Requires: Linux 5.10.
BPF_HELPER void *_Nonnull bpf_this_cpu_ptr(const void *_Nonnull percpu_ptr) {
  return ((void * (*)(const void *))154)(percpu_ptr);
}

/// Sends the packet into the peer of a virtual interface in another network namespace.
///
/// - Returns: `TC_ACT_REDIRECT`, else `TC_ACT_SHOT`.
/// - Requires: Linux 5.10.
BPF_HELPER long bpf_redirect_peer(uint32_t ifindex, uint64_t flags) {
  return ((long (*)(uint32_t, uint64_t))155)(ifindex, flags);
}

/// The map's storage for a thread; `flags` 1: made from `value` (or zeroes) if absent.
///
/// - Returns: the storage, or null.
/// - Requires: Linux 5.11.
BPF_HELPER void *_Nullable bpf_task_storage_get(const void *_Nonnull map, void *_Nonnull task, const void *_Nullable value, uint64_t flags) {
  return ((void * (*)(const void *, void *, const void *, uint64_t))156)(map, task, value, flags);
}

/// Removes the map's storage for a thread.
///
/// - Returns: 0, or a negative errno (`ENOENT`: absent).
/// - Requires: Linux 5.11.
BPF_HELPER long bpf_task_storage_delete(const void *_Nonnull map, void *_Nonnull task) {
  return ((long (*)(const void *, void *))157)(map, task);
}

/// The running thread's `task_struct`, to be read directly.
///
/// - Returns: the task.
/// - Requires: Linux 5.11; a GPL-compatible license.
BPF_HELPER struct task_struct *_Nonnull bpf_get_current_task_btf(void) {
  return ((struct task_struct * (*)(void))158)();
}

/// Sets options of an exec under way; 1: secure mode.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.11.
BPF_HELPER long bpf_bprm_opts_set(struct linux_binprm *_Nonnull bprm, uint64_t flags) {
  return ((long (*)(struct linux_binprm *, uint64_t))159)(bprm, flags);
}

/// Monotonic clock at the last tick: cheaper and coarser.
///
/// - Returns: nanoseconds since boot.
/// - Requires: Linux 5.11.
BPF_HELPER uint64_t bpf_ktime_get_coarse_ns(void) {
  return ((uint64_t (*)(void))160)();
}

/// Copies IMA's stored hash of an inode.
///
/// - Returns: the hash algorithm, or a negative errno.
/// - Requires: Linux 5.11.
BPF_HELPER long bpf_ima_inode_hash(struct inode *_Nonnull inode, void *_Nonnull dst, uint32_t size) {
  return ((long (*)(struct inode *, void *, uint32_t))161)(inode, dst, size);
}

/// The socket behind a file.
///
/// - Returns: the socket, or null.
/// - Requires: Linux 5.11.
BPF_HELPER struct socket *_Nullable bpf_sock_from_file(struct file *_Nonnull file) {
  return ((struct socket * (*)(struct file *))162)(file);
}

/// Checks the packet's length, changed by `len_diff`, against an interface's MTU, which is written to `mtu_len`.
///
/// - Returns: 0: fits, 1: too long, 2: too long in pieces, or a negative errno.
/// - Requires: Linux 5.12; a GPL-compatible license.
BPF_HELPER long bpf_check_mtu(void *_Nonnull ctx, uint32_t ifindex, uint32_t *_Nonnull mtu_len, int32_t len_diff, uint64_t flags) {
  return ((long (*)(void *, uint32_t, uint32_t *, int32_t, uint64_t))163)(ctx, ifindex, mtu_len, len_diff, flags);
}

/// Calls `(map, key, value, callback_ctx) -> long` for each element until it returns 1.
///
/// - Returns: elements visited, or a negative errno.
/// - Requires: Linux 5.13.
BPF_HELPER long bpf_for_each_map_elem(const void *_Nonnull map, long (*_Nonnull callback_fn)(void *_Nonnull map, void *_Nonnull key, void *_Nonnull value, void *_Nullable context), void *_Nullable callback_ctx, uint64_t flags) {
  return ((long (*)(const void *, long (*)(void * map, void * key, void * value, void * context), void *, uint64_t))164)(map, callback_fn, callback_ctx, flags);
}

/// Formats text; `fmt` is a constant string in a read-only map, `data` an array of u64 arguments, `data_len` its bytes.
///
/// - Returns: bytes that were or would be written with the closing zero byte, or a negative errno.
/// - Requires: Linux 5.13; a GPL-compatible license.
BPF_HELPER long bpf_snprintf(char *_Nullable str, uint32_t str_size, const char *_Nonnull fmt, const uint64_t *_Nullable data, uint32_t data_len) {
  return ((long (*)(char *, uint32_t, const char *, const uint64_t *, uint32_t))165)(str, str_size, fmt, data, data_len);
}

/// Makes a bpf(2) call from a syscall program.
///
/// - Returns: what bpf(2) returns.
/// - Requires: Linux 5.14.
BPF_HELPER long bpf_sys_bpf(uint32_t cmd, void *_Nonnull attr, uint32_t attr_size) {
  return ((long (*)(uint32_t, void *, uint32_t))166)(cmd, attr, attr_size);
}

/// Finds a type in the kernel's or modules' BTF.
///
/// - Returns: the type id in the lower, the module's descriptor in the upper 32 bits, or a negative errno.
/// - Requires: Linux 5.14.
BPF_HELPER long bpf_btf_find_by_name_kind(const char *_Nonnull name, int32_t name_sz, uint32_t kind, int32_t flags) {
  return ((long (*)(const char *, int32_t, uint32_t, int32_t))167)(name, name_sz, kind, flags);
}

/// Closes a descriptor from a syscall program.
///
/// - Returns: what close(2) returns.
/// - Requires: Linux 5.14.
BPF_HELPER long bpf_sys_close(uint32_t fd) {
  return ((long (*)(uint32_t))168)(fd);
}

/// Prepares the timer of a map value; `flags` is the clock (1: monotonic).
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.15; a GPL-compatible license.
BPF_HELPER long bpf_timer_init(struct bpf_timer *_Nonnull timer, const void *_Nonnull map, uint64_t flags) {
  return ((long (*)(struct bpf_timer *, const void *, uint64_t))169)(timer, map, flags);
}

/// Sets the function `(map, key, value) -> int` that the timer calls.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.15; a GPL-compatible license.
BPF_HELPER long bpf_timer_set_callback(struct bpf_timer *_Nonnull timer, int (*_Nonnull callback_fn)(void *_Nonnull map, void *_Nonnull key, void *_Nonnull value)) {
  return ((long (*)(struct bpf_timer *, int (*)(void * map, void * key, void * value)))170)(timer, callback_fn);
}

/// Starts a timer; `flags` 1: `nsecs` is a time and not a delay, 2: on this processor.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.15; a GPL-compatible license.
BPF_HELPER long bpf_timer_start(struct bpf_timer *_Nonnull timer, uint64_t nsecs, uint64_t flags) {
  return ((long (*)(struct bpf_timer *, uint64_t, uint64_t))171)(timer, nsecs, flags);
}

/// Stops a timer and waits until its function has ended.
///
/// - Returns: 1: it was running, 0: not, or a negative errno.
/// - Requires: Linux 5.15; a GPL-compatible license.
BPF_HELPER long bpf_timer_cancel(struct bpf_timer *_Nonnull timer) {
  return ((long (*)(struct bpf_timer *))172)(timer);
}

/// The address of the traced function.
///
/// - Returns: the address.
/// - Requires: Linux 5.15; a GPL-compatible license, except in multi-kprobe and multi-uprobe programs.
BPF_HELPER uint64_t bpf_get_func_ip(void *_Nonnull ctx) {
  return ((uint64_t (*)(void *))173)(ctx);
}

/// The number that user space gave when it attached the program.
///
/// - Returns: the cookie, or 0.
/// - Requires: Linux 5.15.
BPF_HELPER uint64_t bpf_get_attach_cookie(void *_Nonnull ctx) {
  return ((uint64_t (*)(void *))174)(ctx);
}

/// The user registers of a thread, to be read directly.
///
/// - Returns: the registers.
/// - Requires: Linux 5.15; a GPL-compatible license.
BPF_HELPER struct pt_regs *_Nonnull bpf_task_pt_regs(struct task_struct *_Nonnull task) {
  return ((struct pt_regs * (*)(struct task_struct *))175)(task);
}

/// Copies the processor's branch records of this moment.
///
/// - Returns: bytes, or a negative errno.
/// - Requires: Linux 5.16; a GPL-compatible license.
BPF_HELPER long bpf_get_branch_snapshot(void *_Nonnull entries, uint32_t size, uint64_t flags) {
  return ((long (*)(void *, uint32_t, uint64_t))176)(entries, size, flags);
}

/// `bpf_trace_printk` with any number of arguments: `data` is an array of u64, `data_len` its bytes.
///
/// - Returns: bytes written, or a negative errno.
/// - Requires: Linux 5.16; a GPL-compatible license.
BPF_HELPER long bpf_trace_vprintk(const char *_Nonnull fmt, uint32_t fmt_size, const void *_Nullable data, uint32_t data_len) {
  return ((long (*)(const char *, uint32_t, const void *, uint32_t))177)(fmt, fmt_size, data, data_len);
}

/// The socket as a `unix_sock`.
///
/// - Returns: the socket, or null.
/// - Requires: Linux 5.16.
BPF_HELPER struct unix_sock *_Nullable bpf_skc_to_unix_sock(void *_Nonnull sk) {
  return ((struct unix_sock * (*)(void *))178)(sk);
}

/// Finds a kernel symbol's address from a syscall program.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.16.
BPF_HELPER long bpf_kallsyms_lookup_name(const char *_Nonnull name, int32_t name_sz, int32_t flags, uint64_t *_Nonnull res) {
  return ((long (*)(const char *, int32_t, int32_t, uint64_t *))179)(name, name_sz, flags, res);
}

/// Calls `(task, vma, callback_ctx) -> long` for the mapping that holds an address.
///
/// - Returns: 0, or a negative errno (`ENOENT`: none, `EBUSY`).
/// - Requires: Linux 5.17.
BPF_HELPER long bpf_find_vma(struct task_struct *_Nonnull task, uint64_t addr, long (*_Nonnull callback_fn)(struct task_struct *_Nonnull task, struct vm_area_struct *_Nonnull vma, void *_Nullable context), void *_Nullable callback_ctx, uint64_t flags) {
  return ((long (*)(struct task_struct *, uint64_t, long (*)(struct task_struct * task, struct vm_area_struct * vma, void * context), void *, uint64_t))180)(task, addr, callback_fn, callback_ctx, flags);
}

/// Calls `(index, callback_ctx) -> long` up to `nr_loops` times (at most 8388608) until it returns 1.
///
/// - Returns: rounds made, or a negative errno.
/// - Requires: Linux 5.17.
BPF_HELPER long bpf_loop(uint32_t nr_loops, long (*_Nonnull callback_fn)(uint64_t index, void *_Nullable context), void *_Nullable callback_ctx, uint64_t flags) {
  return ((long (*)(uint32_t, long (*)(uint64_t index, void * context), void *, uint64_t))181)(nr_loops, callback_fn, callback_ctx, flags);
}

/// Compares text with a constant string of a read-only map.
///
/// - Returns: below, equal to or above 0.
/// - Requires: Linux 5.17.
BPF_HELPER long bpf_strncmp(const char *_Nonnull s1, uint32_t s1_sz, const char *_Nonnull s2) {
  return ((long (*)(const char *, uint32_t, const char *))182)(s1, s1_sz, s2);
}

/// An argument of the traced function, from 0.
///
/// - Returns: 0, or `-EINVAL`: there are fewer.
/// - Requires: Linux 5.17.
BPF_HELPER long bpf_get_func_arg(void *_Nonnull ctx, uint32_t n, uint64_t *_Nonnull value) {
  return ((long (*)(void *, uint32_t, uint64_t *))183)(ctx, n, value);
}

/// The result of the traced function.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.17.
BPF_HELPER long bpf_get_func_ret(void *_Nonnull ctx, uint64_t *_Nonnull value) {
  return ((long (*)(void *, uint64_t *))184)(ctx, value);
}

/// How many arguments the traced function has.
///
/// - Returns: their number.
/// - Requires: Linux 5.17.
BPF_HELPER long bpf_get_func_arg_cnt(void *_Nonnull ctx) {
  return ((long (*)(void *))185)(ctx);
}

/// What the system call will return, as set so far by cgroup programs.
///
/// - Returns: the value.
/// - Requires: Linux 5.18.
BPF_HELPER int32_t bpf_get_retval(void) {
  return ((int32_t (*)(void))186)();
}

/// Sets what the system call will return.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.18.
BPF_HELPER int32_t bpf_set_retval(int32_t retval) {
  return ((int32_t (*)(int32_t))187)(retval);
}

/// The packet's length with all its fragments.
///
/// - Returns: bytes.
/// - Requires: Linux 5.18.
BPF_HELPER uint64_t bpf_xdp_get_buff_len(struct xdp_md *_Nonnull xdp_md) {
  return ((uint64_t (*)(struct xdp_md *))188)(xdp_md);
}

/// Copies from a packet, fragments included.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.18.
BPF_HELPER long bpf_xdp_load_bytes(struct xdp_md *_Nonnull xdp_md, uint32_t offset, void *_Nonnull buf, uint32_t len) {
  return ((long (*)(struct xdp_md *, uint32_t, void *, uint32_t))189)(xdp_md, offset, buf, len);
}

/// Writes into a packet, fragments included.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.18.
BPF_HELPER long bpf_xdp_store_bytes(struct xdp_md *_Nonnull xdp_md, uint32_t offset, const void *_Nonnull buf, uint32_t len) {
  return ((long (*)(struct xdp_md *, uint32_t, const void *, uint32_t))190)(xdp_md, offset, buf, len);
}

/// Copies from another process and may wait for its page; sleepable programs only.
///
/// - Returns: 0, or a negative errno; `dst` is then zeroed.
/// - Requires: Linux 5.18; a GPL-compatible license.
BPF_HELPER long bpf_copy_from_user_task(void *_Nonnull dst, uint32_t size, const void *_Nullable user_ptr, struct task_struct *_Nonnull tsk, uint64_t flags) {
  return ((long (*)(void *, uint32_t, const void *, struct task_struct *, uint64_t))191)(dst, size, user_ptr, tsk, flags);
}

/// Sets the packet's time stamp and what it counts.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.18.
BPF_HELPER long bpf_skb_set_tstamp(struct __sk_buff *_Nonnull skb, uint64_t tstamp, uint32_t tstamp_type) {
  return ((long (*)(struct __sk_buff *, uint64_t, uint32_t))192)(skb, tstamp, tstamp_type);
}

/// Copies IMA's hash of a file, computed if need be; sleepable programs only.
///
/// - Returns: the hash algorithm, or a negative errno.
/// - Requires: Linux 5.18.
BPF_HELPER long bpf_ima_file_hash(struct file *_Nonnull file, void *_Nonnull dst, uint32_t size) {
  return ((long (*)(struct file *, void *, uint32_t))193)(file, dst, size);
}

/// Exchanges the kernel pointer that a map value holds.
///
/// - Returns: the old pointer, or null.
/// - Requires: Linux 5.19.
BPF_HELPER void *_Nullable bpf_kptr_xchg(void *_Nonnull map_value, void *_Nullable ptr) {
  return ((void * (*)(void *, void *))194)(map_value, ptr);
}

/// Finds the value of a key on one processor, in a per-CPU map.
///
/// - Returns: the value, or null.
/// - Requires: Linux 5.19.
BPF_HELPER void *_Nullable bpf_map_lookup_percpu_elem(const void *_Nonnull map, const void *_Nonnull key, uint32_t cpu) {
  return ((void * (*)(const void *, const void *, uint32_t))195)(map, key, cpu);
}

/// The socket as an `mptcp_sock`.
///
/// - Returns: the socket, or null.
/// - Requires: Linux 5.19.
BPF_HELPER struct mptcp_sock *_Nullable bpf_skc_to_mptcp_sock(void *_Nonnull sk) {
  return ((struct mptcp_sock * (*)(void *))196)(sk);
}

/// A dynptr over bytes of a map value.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.19.
BPF_HELPER long bpf_dynptr_from_mem(void *_Nonnull data, uint32_t size, uint64_t flags, struct bpf_dynptr *_Nonnull ptr) {
  return ((long (*)(void *, uint32_t, uint64_t, struct bpf_dynptr *))197)(data, size, flags, ptr);
}

/// Reserves a record of any size in a ring; to be submitted or discarded even if this fails.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.19.
BPF_HELPER long bpf_ringbuf_reserve_dynptr(const void *_Nonnull ringbuf, uint32_t size, uint64_t flags, struct bpf_dynptr *_Nonnull ptr) {
  return ((long (*)(const void *, uint32_t, uint64_t, struct bpf_dynptr *))198)(ringbuf, size, flags, ptr);
}

/// Delivers a reserved record; `flags` 1: wakes nobody, 2: wakes always.
///
/// - Requires: Linux 5.19.
BPF_HELPER void bpf_ringbuf_submit_dynptr(struct bpf_dynptr *_Nonnull ptr, uint64_t flags) {
  ((void (*)(struct bpf_dynptr *, uint64_t))199)(ptr, flags);
}

/// Drops a reserved record.
///
/// - Requires: Linux 5.19.
BPF_HELPER void bpf_ringbuf_discard_dynptr(struct bpf_dynptr *_Nonnull ptr, uint64_t flags) {
  ((void (*)(struct bpf_dynptr *, uint64_t))200)(ptr, flags);
}

/// Copies from a dynptr.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.19.
BPF_HELPER long bpf_dynptr_read(void *_Nonnull dst, uint32_t len, const struct bpf_dynptr *_Nonnull src, uint32_t offset, uint64_t flags) {
  return ((long (*)(void *, uint32_t, const struct bpf_dynptr *, uint32_t, uint64_t))201)(dst, len, src, offset, flags);
}

/// Writes through a dynptr.
///
/// - Returns: 0, or a negative errno.
/// - Requires: Linux 5.19.
BPF_HELPER long bpf_dynptr_write(const struct bpf_dynptr *_Nonnull dst, uint32_t offset, const void *_Nonnull src, uint32_t len, uint64_t flags) {
  return ((long (*)(const struct bpf_dynptr *, uint32_t, const void *, uint32_t, uint64_t))202)(dst, offset, src, len, flags);
}

/// The bytes behind a dynptr; `len` is constant.
///
/// - Returns: their address, or null if they are not there or read-only.
/// - Requires: Linux 5.19.
BPF_HELPER void *_Nullable bpf_dynptr_data(const struct bpf_dynptr *_Nonnull ptr, uint32_t offset, uint32_t len) {
  return ((void * (*)(const struct bpf_dynptr *, uint32_t, uint32_t))203)(ptr, offset, len);
}

/// Makes a SYN cookie without a socket.
///
/// - Returns: the cookie in the low, the MSS in the upper 32 bits, or a negative errno.
/// - Requires: Linux 6.0; a GPL-compatible license.
BPF_HELPER int64_t bpf_tcp_raw_gen_syncookie_ipv4(const void *_Nonnull iph, const void *_Nonnull th, uint32_t th_len) {
  return ((int64_t (*)(const void *, const void *, uint32_t))204)(iph, th, th_len);
}

/// Makes a SYN cookie without a socket.
///
/// - Returns: the cookie in the low, the MSS in the upper 32 bits, or a negative errno.
/// - Requires: Linux 6.0; a GPL-compatible license.
BPF_HELPER int64_t bpf_tcp_raw_gen_syncookie_ipv6(const void *_Nonnull iph, const void *_Nonnull th, uint32_t th_len) {
  return ((int64_t (*)(const void *, const void *, uint32_t))205)(iph, th, th_len);
}

/// Whether an ACK carries a valid SYN cookie.
///
/// - Returns: 0: yes, or a negative errno.
/// - Requires: Linux 6.0; a GPL-compatible license.
BPF_HELPER long bpf_tcp_raw_check_syncookie_ipv4(const void *_Nonnull iph, const void *_Nonnull th) {
  return ((long (*)(const void *, const void *))206)(iph, th);
}

/// Whether an ACK carries a valid SYN cookie.
///
/// - Returns: 0: yes, or a negative errno.
/// - Requires: Linux 6.0; a GPL-compatible license.
BPF_HELPER long bpf_tcp_raw_check_syncookie_ipv6(const void *_Nonnull iph, const void *_Nonnull th) {
  return ((long (*)(const void *, const void *))207)(iph, th);
}

/// International atomic time: the wall clock without leap seconds.
///
/// - Returns: nanoseconds since 1970.
/// - Requires: Linux 6.1.
BPF_HELPER uint64_t bpf_ktime_get_tai_ns(void) {
  return ((uint64_t (*)(void))208)();
}

/// Calls `(dynptr, ctx) -> long` for each record that user space sent until it returns 1; `flags` 1: wakes nobody, 2: wakes always.
///
/// - Returns: records taken, or a negative errno.
/// - Requires: Linux 6.1.
BPF_HELPER long bpf_user_ringbuf_drain(const void *_Nonnull map, long (*_Nonnull callback_fn)(struct bpf_dynptr *_Nonnull record, void *_Nullable context), void *_Nullable ctx, uint64_t flags) {
  return ((long (*)(const void *, long (*)(struct bpf_dynptr * record, void * context), void *, uint64_t))209)(map, callback_fn, ctx, flags);
}

/// The map's storage for a cgroup; `flags` 1: made from `value` (or zeroes) if absent.
///
/// - Returns: the storage, or null.
/// - Requires: Linux 6.2.
BPF_HELPER void *_Nullable bpf_cgrp_storage_get(const void *_Nonnull map, void *_Nonnull cgroup, const void *_Nullable value, uint64_t flags) {
  return ((void * (*)(const void *, void *, const void *, uint64_t))210)(map, cgroup, value, flags);
}

/// Removes the map's storage for a cgroup.
///
/// - Returns: 0, or a negative errno (`ENOENT`: absent).
/// - Requires: Linux 6.2.
BPF_HELPER long bpf_cgrp_storage_delete(const void *_Nonnull map, void *_Nonnull cgroup) {
  return ((long (*)(const void *, void *))211)(map, cgroup);
}

#pragma clang diagnostic pop
