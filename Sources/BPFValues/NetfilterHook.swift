// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// Where in the way of a packet a netfilter program runs (`NF_INET_...`).
@frozen public struct NetfilterHook: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
  public var rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// `NF_INET_PRE_ROUTING`: before the kernel knows where the packet goes.
  @inlinable public static var preRouting: NetfilterHook { NetfilterHook(rawValue: 0) }
  /// `NF_INET_LOCAL_IN`: the packet is for this host.
  @inlinable public static var localIn: NetfilterHook { NetfilterHook(rawValue: 1) }
  /// `NF_INET_FORWARD`: the packet is for another host.
  @inlinable public static var forward: NetfilterHook { NetfilterHook(rawValue: 2) }
  /// `NF_INET_LOCAL_OUT`: this host sends the packet.
  @inlinable public static var localOut: NetfilterHook { NetfilterHook(rawValue: 3) }
  /// `NF_INET_POST_ROUTING`: the packet is about to leave.
  @inlinable public static var postRouting: NetfilterHook { NetfilterHook(rawValue: 4) }
}

// The kernel has no strings.
#if !hasFeature(Embedded)
  extension NetfilterHook: CustomStringConvertible {
    /// `preRouting`; `hook 7` for one that has no name here.
    public var description: String {
      let names = ["preRouting", "localIn", "forward", "localOut", "postRouting"]
      return Int(rawValue) < names.count ? names[Int(rawValue)] : "hook \(rawValue)"
    }
  }
#endif
