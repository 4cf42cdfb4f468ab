// SPDX-License-Identifier: Apache-2.0

/// What a run gave.
public struct Run: Sendable, Hashable {
  /// r0 as the program left it.
  public var r0: UInt64
  /// What the kernel takes of r0: for packets the verdict, for LSM hooks 0 or a negative error number.
  public var returnValue: Int32 { Int32(truncatingIfNeeded: r0) }
  /// The packet afterwards, from its Ethernet header on.
  public var packet: [UInt8] = []
  /// What the program put in front of the packet for others.
  public var packetMetadata: [UInt8] = []
  /// The context afterwards.
  public var context: [UInt8] = []
  /// How many instructions were run, those of programs that were tail-called included.
  public var instructionsExecuted = 0
  /// Where the packet was sent, if a redirecting helper was called.
  public var redirect: Redirect?
  /// The signals that were sent to the current process (`bpf_send_signal`).
  public var signals: [Int] = []
  /// What the traced function is to return instead, if `bpf_override_return` or `bpf_set_retval` was called.
  public var overriddenReturn: Int64?
  /// What an iterator wrote to its reader.
  public var written: [UInt8] = []
  /// What was printed with `bpf_printk`.
  public var printed: [String] = []

  init(r0: UInt64) { self.r0 = r0 }

  /// The verdict of an XDP program.
  public var xdpAction: XDPAction { XDPAction(rawValue: UInt32(truncatingIfNeeded: r0)) }
  /// The verdict of a TC program.
  public var trafficAction: TrafficAction { TrafficAction(rawValue: returnValue) }
}

/// Where a program sends a packet.
public struct Redirect: Sendable, Hashable {
  /// The interface (`bpf_redirect`, `bpf_clone_redirect` and their like), or the index in ``map``.
  public var target: UInt64
  /// The map of `bpf_redirect_map`.
  public var map: String?
  public var flags: UInt64
}
