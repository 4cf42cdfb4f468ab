// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

// Flows: what this machine has sent, so that what answers can be told from what begins.

/// The ends of a flow as packets that arrive have them: the remote end is their source.
struct FlowKey {
  /// First byte highest; an IPv4 address in the upper half's upper half.
  var remoteUpper: UInt64
  var remoteLower: UInt64
  var localUpper: UInt64
  var localLower: UInt64
  /// 0 for an echo of ICMP.
  var remotePort: UInt16
  /// The identifier of an echo.
  var localPort: UInt16
  var transport: UInt8
  var isIPv6: UInt8
  var isPadding: UInt16
}

struct Flow {
  /// When it is forgotten, in nanoseconds since boot.
  var end: UInt64
  /// Of ``FlowState``.
  var state: UInt32
  /// Of TCP: the number that this machine acknowledged last.
  var acknowledged: UInt32
}

enum FlowState {
  /// A SYN has left, or a datagram that nobody has answered.
  static var begun: UInt32 { 0 }
  static var established: UInt32 { 1 }
  /// A FIN or RST has left, or an RST has arrived that this machine will heed.
  static var closing: UInt32 { 2 }
}

/// How long a flow is remembered, in nanoseconds: as `nf_conntrack` does.
enum FlowTime {
  static var second: UInt64 { 1_000_000_000 }
  static var begun: UInt64 { 120 &* second }
  /// Five days.
  static var established: UInt64 { 432_000 &* second }
  static var closing: UInt64 { 120 &* second }
  static var reset: UInt64 { 10 &* second }
  static var datagram: UInt64 { 30 &* second }
  static var answered: UInt64 { 120 &* second }
}

/// What has become of flows: of the kernel's programs on one CPU, or of the agent.
struct FlowCount {
  /// Flows that were made.
  var begun: UInt64
  /// Flows that could not be made.
  var failed: UInt64
  /// Flows that had ended, and were removed.
  var removed: UInt64

  static var byPrograms: UInt32 { 0 }
  static var byAgent: UInt32 { 1 }
}
