// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// The state of a TCP connection (`TCP_...`, `BPF_TCP_...`).
///
///     switch TCPState(rawValue: context.newstate) { case .established: ... }
///
/// Source: `include/net/tcp_states.h`.
@frozen public struct TCPState: RawRepresentable, Equatable, BitwiseCopyable {
  public var rawValue: Int32
  @inline(__always) public init(rawValue: Int32) { self.rawValue = rawValue }

  /// 1
  public static var established: TCPState { @inline(__always) get { TCPState(rawValue: 1) } }
  /// 2: a connection is being made.
  public static var synSent: TCPState { @inline(__always) get { TCPState(rawValue: 2) } }
  /// 3: a connection is being taken.
  public static var synReceived: TCPState { @inline(__always) get { TCPState(rawValue: 3) } }
  /// 4
  public static var finWait1: TCPState { @inline(__always) get { TCPState(rawValue: 4) } }
  /// 5
  public static var finWait2: TCPState { @inline(__always) get { TCPState(rawValue: 5) } }
  /// 6
  public static var timeWait: TCPState { @inline(__always) get { TCPState(rawValue: 6) } }
  /// 7
  public static var closed: TCPState { @inline(__always) get { TCPState(rawValue: 7) } }
  /// 8: the peer has closed its side.
  public static var closeWait: TCPState { @inline(__always) get { TCPState(rawValue: 8) } }
  /// 9
  public static var lastAcknowledgement: TCPState { @inline(__always) get { TCPState(rawValue: 9) } }
  /// 10
  public static var listening: TCPState { @inline(__always) get { TCPState(rawValue: 10) } }
  /// 11
  public static var closing: TCPState { @inline(__always) get { TCPState(rawValue: 11) } }
  /// 12: a connection request that has no full socket yet.
  public static var newSynReceived: TCPState { @inline(__always) get { TCPState(rawValue: 12) } }
}
