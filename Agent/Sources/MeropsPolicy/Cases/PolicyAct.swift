// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// An act that rules decide about, and what is known of the process that does it.
public struct PolicyAct: Hashable, Sendable {
  public var kind: EventKind
  /// Of what is connected to, or bound.
  public var address = Address(bits: 0)
  public var port: UInt16 = 0
  /// 6 is TCP, 17 UDP.
  public var transport: UInt32 = 6
  /// nil where the kernel does not know the program.
  public var executable: String?
  public var inode: UInt64 = 0
  public var process: UInt32 = 1000
  /// The process id of its session's leader.
  public var session: UInt32 = 1000
  /// Below the root of cgroup v2.
  public var cgroup = "/"
  /// The cgroup's number where a condition asks for it.
  public var cgroupID: UInt64?
  /// What the kernel reads from the task, and of what the act is about. What is missing it cannot read.
  public var numbers: [Field: UInt64] = [:]
  /// What a file act is about; nil where the kernel does not know it.
  public var path: String?
  /// Of an act that is about two paths.
  public var target: String?

  public init(_ kind: EventKind) { self.kind = kind }

  /// The hooks that the act may go through: an IPv4 address is reached from an IPv6 socket, too, and a datagram with or
  /// without a connection.
  public var hooks: [PolicyHook] {
    PolicyHook.allCases.filter { hook in
      guard hook.acts.contains(kind) else { return false }
      guard hook.fields != nil else { return true }
      if hook == .send4 || hook == .send6, transport != 17 { return false }
      return hook.isIPv6 || address.isIPv4
    }
  }

  /// Whether the kernel knows a field when it decides about the act.
  func isKnown(_ field: Field) -> Bool { PolicyHook.deciding(kind)?.knownFields.contains(field) == true }
}

extension PolicyHook {
  /// The first hook that decides about acts of a kind; nil where none does.
  static func deciding(_ kind: EventKind) -> PolicyHook? { allCases.first { $0.acts.contains(kind) } }
}
