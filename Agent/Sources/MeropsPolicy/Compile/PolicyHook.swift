// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// A place in the kernel where acts are decided. Each has an entry program of its own, and its own slots.
public enum PolicyHook: UInt8, CaseIterable, Sendable {
  case connect4, connect6
  /// A datagram to an address that the socket is not connected to.
  case send4, send6
  case bind4, bind6
  /// A process has become another program, and has run no instruction of it.
  case exec
  /// A process is about to become another program. The first one that is asked about an exec.
  case execCheck
  case fileOpen
  case fileCreate, directoryCreate
  case fileUnlink, directoryRemove
  case fileRename, fileLink, fileSymlink
  case fileMode, fileOwner, fileTruncate
  /// A file becomes memory that can be run.
  case fileMap
  case mount, moveMount, unmount
  case signal
  case trace, traceMe
  case moduleFile, moduleBytes
  case bpfLoad

  /// The acts that are decided there.
  public var acts: [EventKind] {
    switch self {
    case .connect4, .connect6, .send4, .send6: [.networkConnect]
    case .bind4, .bind6: [.networkBind]
    case .exec, .execCheck: [.processExec]
    case .fileOpen: [.fileOpen, .fileWrite]
    case .fileCreate, .directoryCreate: [.fileCreate]
    case .fileUnlink, .directoryRemove: [.fileUnlink]
    case .fileRename: [.fileRename]
    case .fileLink: [.fileLink]
    case .fileSymlink: [.fileSymlink]
    case .fileMode: [.fileMode]
    case .fileOwner: [.fileOwner]
    case .fileTruncate: [.fileWrite]
    case .fileMap: [.fileMapExecutable]
    case .mount, .moveMount: [.mount]
    case .unmount: [.unmount]
    case .signal: [.processSignal]
    case .trace, .traceMe: [.processTrace]
    case .moduleFile, .moduleBytes: [.moduleLoad]
    case .bpfLoad: [.bpfLoad]
    }
  }

  /// The acts that rules can be about.
  public static let acts: [EventKind] = {
    let decided = Set(allCases.flatMap(\.acts))
    return EventKind.allCases.filter(decided.contains)
  }()

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
    default: security?.function ?? ""
    }
  }

  var isIPv6: Bool { self == .connect6 || self == .send6 || self == .bind6 }

  /// Which fields the address and the port of the kernel's structure are; nil where there is none.
  public var fields: (address: Field, port: Field)? {
    switch self {
    case .connect4, .connect6, .send4, .send6: (.destinationAddress, .destinationPort)
    case .bind4, .bind6: (.sourceAddress, .sourcePort)
    default: nil
    }
  }

  /// What a program returns for an act that may go on.
  var allowing: Int32 { fields == nil ? 0 : 1 }

  /// What it returns for one that may not: EPERM, where the kernel asks for an errno.
  var denying: Int32 { security == nil ? 0 : -1 }
}
