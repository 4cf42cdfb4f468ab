// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// Where this kernel keeps what rules ask of the running task.
public struct KernelLayout: Sendable {
  /// Pointers that are followed from the `task_struct`, each at an offset in bytes; what is at the last one is the number.
  public struct Path: Hashable, Sendable {
    public var offsets: [Int]
    /// Bytes of the number: 2, 4 or 8.
    public var size: Int

    public init(offsets: [Int], size: Int) { (self.offsets, self.size) = (offsets, size) }
  }

  public var paths: [Field: Path]
  /// The same from what an argument of a hook points to. What a hook's function has as a number is left out.
  public var arguments: [PolicyHook: [Field: Path]]

  /// The process id of the leader of the process's session, in the machine's own PID namespace.
  public var session: Path?

  public init(_ paths: [Field: Path], arguments: [PolicyHook: [Field: Path]], session: Path?) {
    (self.paths, self.arguments, self.session) = (paths, arguments, session)
  }

  /// Finds the place of each number.
  ///
  /// - Parameter place: where the members lead to; nil where this kernel has no such members.
  public init(finding place: ([(structure: String, member: String)]) throws -> Path?) rethrows {
    paths = [:]
    arguments = [:]
    session = try place(Self.sessionMembers)
    for (field, members) in Self.members { paths[field] = try place(members) }
    for hook in PolicyHook.allCases {
      for (field, argument) in hook.security?.arguments ?? [:] where !argument.members.isEmpty {
        arguments[hook, default: [:]][field] = try place(argument.members)
      }
    }
  }

  /// The members that lead to each number: a `.` is a structure in a structure, or the element of an array; an element of the list is a pointer.
  public static let members: [Field: [(structure: String, member: String)]] = [
    .processParentID: [("task_struct", "real_parent"), ("task_struct", "tgid")],
    .processUser: [("task_struct", "cred"), ("cred", "euid")],
    .processGroup: [("task_struct", "cred"), ("cred", "egid")],
    .processRealUser: [("task_struct", "cred"), ("cred", "uid")],
    .processRealGroup: [("task_struct", "cred"), ("cred", "gid")],
    .processSavedUser: [("task_struct", "cred"), ("cred", "suid")],
    .processCapabilities: [("task_struct", "cred"), ("cred", "cap_effective")],
    .processMountNamespace: [("task_struct", "nsproxy"), ("nsproxy", "mnt_ns"), ("mnt_namespace", "ns.inum")],
    .processNetworkNamespace: [("task_struct", "nsproxy"), ("nsproxy", "net_ns"), ("net", "ns.inum")],
  ]

  /// `pids` is by the kind of the number: 3 is the session's (PIDTYPE_SID). The first of a process's numbers is that of the machine.
  private static let sessionMembers = [
    ("task_struct", "signal"), ("signal_struct", "pids.3"), ("pid", "numbers.0.nr"),
  ]

  /// A layout that no kernel has: to check policies without one.
  public static let none = KernelLayout { Path(offsets: $0.map { _ in 0 }, size: 4) }
}
