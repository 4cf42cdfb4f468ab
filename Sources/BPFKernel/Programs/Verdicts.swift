// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// What becomes of a packet after a tc or tcx program (`TC_ACT_...`; tcx knows ``next``, ``pass``, ``drop`` and
/// ``redirect``).
@frozen public struct TrafficAction: RawRepresentable, Equatable, BitwiseCopyable {
  public var rawValue: Int32
  @inline(__always) public init(rawValue: Int32) { self.rawValue = rawValue }

  /// `TC_ACT_UNSPEC`, `TCX_NEXT`: as if the program were not there; the next one decides.
  public static var next: TrafficAction { @inline(__always) get { TrafficAction(rawValue: -1) } }
  /// `TC_ACT_OK`, `TCX_PASS`: goes on, and no further program is asked.
  public static var pass: TrafficAction { @inline(__always) get { TrafficAction(rawValue: 0) } }
  /// `TC_ACT_SHOT`, `TCX_DROP`: dropped.
  public static var drop: TrafficAction { @inline(__always) get { TrafficAction(rawValue: 2) } }
  /// `TC_ACT_STOLEN`: dropped, but counted as if it had been taken.
  public static var stolen: TrafficAction { @inline(__always) get { TrafficAction(rawValue: 4) } }
  /// `TC_ACT_REDIRECT`, `TCX_REDIRECT`: to where a redirecting helper said.
  public static var redirect: TrafficAction { @inline(__always) get { TrafficAction(rawValue: 7) } }
}

/// The answer of a cgroup program: 1 lets the action go on, 0 refuses it with `EPERM` (or drops the packet).
@frozen public struct CgroupVerdict: RawRepresentable, Equatable, BitwiseCopyable {
  public var rawValue: Int32
  @inline(__always) public init(rawValue: Int32) { self.rawValue = rawValue }

  /// Refused.
  public static var deny: CgroupVerdict { @inline(__always) get { CgroupVerdict(rawValue: 0) } }
  /// Goes on.
  public static var allow: CgroupVerdict { @inline(__always) get { CgroupVerdict(rawValue: 1) } }
}

/// The answer of a socket map's or socket lookup's program (`enum sk_action`).
@frozen public struct SocketVerdict: RawRepresentable, Equatable, BitwiseCopyable {
  public var rawValue: Int32
  @inline(__always) public init(rawValue: Int32) { self.rawValue = rawValue }

  /// `SK_DROP`
  public static var drop: SocketVerdict { @inline(__always) get { SocketVerdict(rawValue: 0) } }
  /// `SK_PASS`
  public static var pass: SocketVerdict { @inline(__always) get { SocketVerdict(rawValue: 1) } }
}

/// The answer of a netfilter program.
@frozen public struct NetfilterVerdict: RawRepresentable, Equatable, BitwiseCopyable {
  public var rawValue: Int32
  @inline(__always) public init(rawValue: Int32) { self.rawValue = rawValue }

  /// `NF_DROP`
  public static var drop: NetfilterVerdict { @inline(__always) get { NetfilterVerdict(rawValue: 0) } }
  /// `NF_ACCEPT`
  public static var accept: NetfilterVerdict { @inline(__always) get { NetfilterVerdict(rawValue: 1) } }
}

/// The answer of an LSM program, and of an fmod_ret one: 0 lets the action go on, a negative errno refuses it.
@frozen public struct LSMVerdict: RawRepresentable, Equatable, BitwiseCopyable {
  public var rawValue: Int32
  @inline(__always) public init(rawValue: Int32) { self.rawValue = rawValue }

  /// Goes on, if nobody else refuses.
  public static var allow: LSMVerdict { @inline(__always) get { LSMVerdict(rawValue: 0) } }
  /// Refused with `EPERM`.
  public static var deny: LSMVerdict { @inline(__always) get { LSMVerdict(rawValue: -1) } }
  /// Refused with an errno.
  @inline(__always)
  public static func deny(_ error: KernelErrno) -> LSMVerdict { LSMVerdict(rawValue: 0 &- error.rawValue) }
}

/// The answer of an iterator program.
@frozen public struct IteratorVerdict: RawRepresentable, Equatable, BitwiseCopyable {
  public var rawValue: Int32
  @inline(__always) public init(rawValue: Int32) { self.rawValue = rawValue }

  /// On to the next item.
  public static var next: IteratorVerdict { @inline(__always) get { IteratorVerdict(rawValue: 0) } }
  /// The same item again: for when its output did not fit.
  public static var again: IteratorVerdict { @inline(__always) get { IteratorVerdict(rawValue: 1) } }
}
