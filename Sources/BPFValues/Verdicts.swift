// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// What becomes of a packet after an XDP program (`enum xdp_action`).
@frozen public struct XDPAction: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
  public var rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// `XDP_ABORTED`: dropped as by an error, which the tracepoint `xdp:xdp_exception` reports.
  @inlinable public static var aborted: XDPAction { XDPAction(rawValue: 0) }
  /// `XDP_DROP`: dropped.
  @inlinable public static var drop: XDPAction { XDPAction(rawValue: 1) }
  /// `XDP_PASS`: on to the network stack.
  @inlinable public static var pass: XDPAction { XDPAction(rawValue: 2) }
  /// `XDP_TX`: back out of the interface it came from.
  @inlinable public static var transmit: XDPAction { XDPAction(rawValue: 3) }
  /// `XDP_REDIRECT`: to where a redirecting helper said.
  @inlinable public static var redirect: XDPAction { XDPAction(rawValue: 4) }
}

/// What becomes of a packet after a tc or tcx program (`TC_ACT_...`; tcx knows ``next``, ``pass``, ``drop`` and
/// ``redirect``).
@frozen public struct TrafficAction: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
  public var rawValue: Int32
  @inlinable public init(rawValue: Int32) { self.rawValue = rawValue }

  /// `TC_ACT_UNSPEC`, `TCX_NEXT`: as if the program were not there; the next one decides.
  @inlinable public static var next: TrafficAction { TrafficAction(rawValue: -1) }
  /// `TC_ACT_OK`, `TCX_PASS`: goes on, and no further program is asked.
  @inlinable public static var pass: TrafficAction { TrafficAction(rawValue: 0) }
  /// `TC_ACT_SHOT`, `TCX_DROP`: dropped.
  @inlinable public static var drop: TrafficAction { TrafficAction(rawValue: 2) }
  /// `TC_ACT_STOLEN`: dropped, but counted as if it had been taken.
  @inlinable public static var stolen: TrafficAction { TrafficAction(rawValue: 4) }
  /// `TC_ACT_REDIRECT`, `TCX_REDIRECT`: to where a redirecting helper said.
  @inlinable public static var redirect: TrafficAction { TrafficAction(rawValue: 7) }
}

/// The answer of a cgroup program: 1 lets the action go on, 0 refuses it with `EPERM` (or drops the packet).
@frozen public struct CgroupVerdict: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
  public var rawValue: Int32
  @inlinable public init(rawValue: Int32) { self.rawValue = rawValue }

  /// Refused.
  @inlinable public static var deny: CgroupVerdict { CgroupVerdict(rawValue: 0) }
  /// Goes on.
  @inlinable public static var allow: CgroupVerdict { CgroupVerdict(rawValue: 1) }
}

/// The answer of a socket map's or socket lookup's program (`enum sk_action`).
@frozen public struct SocketVerdict: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
  public var rawValue: Int32
  @inlinable public init(rawValue: Int32) { self.rawValue = rawValue }

  /// `SK_DROP`
  @inlinable public static var drop: SocketVerdict { SocketVerdict(rawValue: 0) }
  /// `SK_PASS`
  @inlinable public static var pass: SocketVerdict { SocketVerdict(rawValue: 1) }
}

/// The answer of a netfilter program.
@frozen public struct NetfilterVerdict: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
  public var rawValue: Int32
  @inlinable public init(rawValue: Int32) { self.rawValue = rawValue }

  /// `NF_DROP`
  @inlinable public static var drop: NetfilterVerdict { NetfilterVerdict(rawValue: 0) }
  /// `NF_ACCEPT`: goes on.
  @inlinable public static var pass: NetfilterVerdict { NetfilterVerdict(rawValue: 1) }
}

/// The answer of an LSM program, and of an fmod_ret one: 0 lets the action go on, a negative errno refuses it.
@frozen public struct LSMVerdict: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
  public var rawValue: Int32
  @inlinable public init(rawValue: Int32) { self.rawValue = rawValue }

  /// Goes on, if nobody else refuses.
  @inlinable public static var allow: LSMVerdict { LSMVerdict(rawValue: 0) }
  /// Refused with `EPERM`.
  @inlinable public static var deny: LSMVerdict { LSMVerdict(rawValue: -1) }
}

/// The answer of an iterator program.
@frozen public struct IteratorVerdict: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
  public var rawValue: Int32
  @inlinable public init(rawValue: Int32) { self.rawValue = rawValue }

  /// On to the next item.
  @inlinable public static var next: IteratorVerdict { IteratorVerdict(rawValue: 0) }
  /// The same item again: for when its output did not fit.
  @inlinable public static var again: IteratorVerdict { IteratorVerdict(rawValue: 1) }
}

// The kernel has no strings.
#if !hasFeature(Embedded)
  extension XDPAction: CustomStringConvertible {
    /// `XDP_PASS`
    public var description: String {
      let names = ["XDP_ABORTED", "XDP_DROP", "XDP_PASS", "XDP_TX", "XDP_REDIRECT"]
      return Int(rawValue) < names.count ? names[Int(rawValue)] : "XDP action \(rawValue)"
    }
  }

  extension TrafficAction: CustomStringConvertible {
    /// `TC_ACT_OK`
    public var description: String {
      switch self {
      case .next: "TC_ACT_UNSPEC"
      case .pass: "TC_ACT_OK"
      case .drop: "TC_ACT_SHOT"
      case .stolen: "TC_ACT_STOLEN"
      case .redirect: "TC_ACT_REDIRECT"
      default: "TC action \(rawValue)"
      }
    }
  }

  extension SocketVerdict: CustomStringConvertible {
    /// `SK_PASS`
    public var description: String { self == .drop ? "SK_DROP" : self == .pass ? "SK_PASS" : "verdict \(rawValue)" }
  }

  extension NetfilterVerdict: CustomStringConvertible {
    /// `NF_ACCEPT`
    public var description: String { self == .drop ? "NF_DROP" : self == .pass ? "NF_ACCEPT" : "verdict \(rawValue)" }
  }

  extension CgroupVerdict: CustomStringConvertible {
    public var description: String { self == .deny ? "deny" : self == .allow ? "allow" : "verdict \(rawValue)" }
  }

  extension LSMVerdict: CustomStringConvertible {
    /// `allow`, `deny (errno 13)`
    public var description: String { rawValue < 0 ? "deny (errno \(rawValue.magnitude))" : "allow" }
  }

  extension IteratorVerdict: CustomStringConvertible {
    public var description: String { self == .next ? "next" : self == .again ? "again" : "verdict \(rawValue)" }
  }
#endif
