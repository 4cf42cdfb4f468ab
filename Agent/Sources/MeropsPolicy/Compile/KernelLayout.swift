// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// Where this kernel keeps what rules ask of the running task.
public struct KernelLayout: Sendable {
  /// Pointers that are followed from the `task_struct`, each at an offset in bytes; what is at the last one is the number.
  public struct Path: Hashable, Sendable {
    public var offsets: [Int]
    /// Bytes of the number: 4 or 8.
    public var size: Int

    public init(offsets: [Int], size: Int) { (self.offsets, self.size) = (offsets, size) }
  }

  public var paths: [Field: Path]

  public init(_ paths: [Field: Path]) { self.paths = paths }

  /// The members that lead to each number: a `.` is a structure in a structure, an element of the list a pointer.
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

  /// A layout that no kernel has: to check policies without one.
  public static let none = KernelLayout(
    members.mapValues { Path(offsets: $0.map { _ in 0 }, size: 4) })
}
