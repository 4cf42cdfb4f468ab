// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

/// The context of an XDP program (`struct xdp_md`): a packet before the kernel has made anything of it.
///
///     @section("xdp")
///     func filter(_ context: XDPContext) -> XDPAction { ... }
///
/// - Requires: Linux 4.8.
@frozen public struct XDPContext: ProgramContext {
  public let raw: OpaquePointer
  @inline(__always) public init(raw: OpaquePointer) { self.raw = raw }

  /// The interface that the packet came from (`ingress_ifindex`).
  public var interfaceIndex: UInt32 { @inline(__always) get { xdp_md_ingress_ifindex(raw) } }
  /// The receive queue that the packet came from.
  public var receiveQueue: UInt32 { @inline(__always) get { xdp_md_rx_queue_index(raw) } }
  /// The interface that the packet is sent to, in programs of a device map.
  ///
  /// - Requires: Linux 5.8.
  public var egressInterfaceIndex: UInt32 { @inline(__always) get { xdp_md_egress_ifindex(raw) } }

  /// The bytes that can be read directly: the packet's first fragment.
  public var packet: Packet {
    @inline(__always) @_lifetime(immortal)
    get { Packet(start: xdp_md_data(raw), end: xdp_md_data_end(raw)) }
  }

  /// Bytes between this packet and its end, in its first fragment.
  public var length: UInt32 { @inline(__always) get { xdp_md_data_end(raw) &- xdp_md_data(raw) } }

  /// Bytes of the whole packet, with all fragments.
  ///
  /// - Requires: Linux 5.18.
  public var totalLength: UInt64 { @inline(__always) get { bpf_xdp_get_buff_len(raw) } }
}

extension XDPContext {
  /// Moves the packet's start: a negative number makes room. What was read through ``packet`` must be read again.
  ///
  /// - Requires: Linux 4.10.
  @inline(__always) @discardableResult
  public func moveStart(by bytes: Int32) -> Status { Status(rawValue: bpf_xdp_adjust_head(raw, bytes)) }

  /// Moves the packet's end. What was read through ``packet`` must be read again.
  ///
  /// - Requires: Linux 4.18 to shorten, 5.8 to lengthen.
  @inline(__always) @discardableResult
  public func moveEnd(by bytes: Int32) -> Status { Status(rawValue: bpf_xdp_adjust_tail(raw, bytes)) }

  /// Copies from the packet, also from its fragments.
  ///
  /// - Requires: Linux 5.18.
  @inline(__always)
  public func load<T: BitwiseCopyable>(_ type: T.Type = T.self, at offset: UInt32) -> T? {
    readFromHelper(type) { bpf_xdp_load_bytes(raw, offset, $0, UInt32(MemoryLayout<T>.size)) }
  }

  /// Writes into the packet, also into its fragments.
  ///
  /// - Requires: Linux 5.18.
  @inline(__always) @discardableResult
  public func store<T: BitwiseCopyable>(_ value: T, at offset: UInt32) -> Status {
    withUnsafeBytesOf(value) { Status(rawValue: bpf_xdp_store_bytes(raw, offset, $0, UInt32(MemoryLayout<T>.size))) }
  }
}

/// Sends the packet out of an interface: `return redirect(to: index)`.
///
/// - Requires: Linux 4.14.
@inline(__always)
public func redirect(to interfaceIndex: UInt32) -> XDPAction {
  XDPAction(rawValue: UInt32(truncatingIfNeeded: bpf_redirect(interfaceIndex, 0)))
}
