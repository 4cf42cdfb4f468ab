// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// A place in the kernel where acts are decided. Each has an entry program of its own, and a pair of slots.
public enum PolicyHook: UInt8, CaseIterable, Sendable {
  case connect4, connect6
  /// A datagram to an address that the socket is not connected to.
  case send4, send6
  case bind4, bind6
  /// A process has become another program, and has run no instruction of it.
  case exec

  /// The act that is decided there.
  public var act: EventKind {
    switch self {
    case .connect4, .connect6, .send4, .send6: .networkConnect
    case .bind4, .bind6: .networkBind
    case .exec: .processExec
    }
  }

  /// The acts that rules can be about.
  public static let acts: [EventKind] = [.networkConnect, .networkBind, .processExec]

  /// The strongest that can become of the act there.
  public var rung: Rung { self == .exec ? .kill : .deny }

  /// Where the kernel asks, as messages name it.
  public var name: String {
    switch self {
    case .connect4: "cgroup/connect4"
    case .connect6: "cgroup/connect6"
    case .send4: "cgroup/sendmsg4"
    case .send6: "cgroup/sendmsg6"
    case .bind4: "cgroup/bind4"
    case .bind6: "cgroup/bind6"
    case .exec: "tp_btf/sched_process_exec"
    }
  }

  var isIPv6: Bool { self == .connect6 || self == .send6 || self == .bind6 }

  /// Which fields the address and the port of the kernel's structure are; nil where there is none.
  var fields: (address: Field, port: Field)? {
    switch act {
    case .networkConnect: (.destinationAddress, .destinationPort)
    case .networkBind: (.sourceAddress, .sourcePort)
    default: nil
    }
  }

  /// What a program returns for an act that may go on.
  var allowing: Int32 { fields == nil ? 0 : 1 }
}
