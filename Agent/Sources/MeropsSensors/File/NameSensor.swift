// SPDX-License-Identifier: Apache-2.0
import BPF
import Glibc
import MeropsModel

/// Reports what is done to files by their names, and mounts.
struct NameSensor: Sensor {
  let eventClass = EventClass.file
  let reports: [SensorReport]
  private let object: Names
  private let hooks: [String]

  var collection: BPFCollection { object.collection }
  var objects: [(name: String, collection: BPFCollection)] { [("names", collection)] }

  private static let ofCalls = [
    "onUnlink", "onRemoveDirectory", "onRename", "onLink", "onSymlink", "onModeChange", "onOwnerChange", "onMount",
    "onMoveMount", "onUnmount",
  ]
  /// Kernels before 6.0 have no such functions. What io_uring does to names came with 5.11.
  private static let ofRequests = [
    "afterUnlinkRequest", "afterRenameRequest", "afterLinkRequest", "afterSymlinkRequest",
  ]

  init(_ options: SensorOptions, _ maps: SharedMaps) throws {
    // Kernels before 6.1 allow no hook whose function takes a structure, as that of chown does.
    let choices = [Self.ofCalls + Self.ofRequests, Self.ofCalls, Self.ofCalls.filter { $0 != "onOwnerChange" }]
    let loaded = try Names.load(withFirstOf: choices, maps.hooks) { opened, choice in
      try maps.share(with: opened.collection)
      try opened.collection.replaceMap("calls", with: maps.calls.collection.map("calls"))
      opened.globals.byHooks = choice == nil ? 0 : 1
      opened.globals.withRequests = choice == 0 ? 1 : 0
    }
    object = loaded.object
    hooks = loaded.choice.map { choices[$0] } ?? []
    try maps.calls.add(SystemCall.ofNames)
    try maps.calls.add(object.onNameCall.program(), as: CallProgram.names)

    let calls = CallDispatcher.hook
    let thirtyTwo = CallDispatcher.missing
    let (hook, missing) =
      switch loaded.choice {
      case 0: ("fentry/security_path_*, fexit/io_*, \(calls)", thirtyTwo)
      case 1: ("fentry/security_path_*, \(calls)", "what io_uring does, if it can, and \(thirtyTwo)")
      case 2:
        (
          "fentry/security_path_*, \(calls)",
          "what io_uring does, if it can, and \(thirtyTwo); the names of file.chown are the caller's memory, not the kernel's "
            + "objects: the kernel refuses its hook"
        )
      default:
        (
          calls,
          "what io_uring does, and \(thirtyTwo); names are the caller's memory, not the kernel's objects: the kernel "
            + "refuses fentry programs (\(loaded.refusal ?? ""))"
        )
      }
    reports = [
      SensorReport(
        sensor: "file.unlink, file.rename, file.link, file.symlink, file.chmod, file.chown", hook: hook,
        missing: missing),
      SensorReport(
        sensor: "mount, umount",
        hook: hooks.isEmpty ? calls : "fentry/security_sb_mount, security_move_mount, security_sb_umount, \(calls)",
        missing: hooks.isEmpty ? missing : thirtyTwo),
    ]
  }

  func attach(_ links: LinkSet) throws {
    for name in hooks { links.keep(try object.collection.program(name).attach(), as: name) }
  }

  /// Where a hook was left out, the names are the caller's: the act is not lost.
  func missed() throws -> UInt64 {
    try collection.programs.filter { !Self.ofCalls.contains($0.name) }.reduce(0) { try $0 + $1.info().recursionMisses }
  }

  /// Forgets what is kept for threads that ended meanwhile: the kernel left out the program that would have taken it.
  func collect(into reading: inout Reading, isLast: Bool) throws {
    try object.kept.forgetEnded()
    try object.longKept.forgetEnded()
  }
}

extension BPF.Map where Key == UInt32 {
  fileprivate func forgetEnded() throws {
    var ended: [UInt32] = []
    try forEachChunk { threads, _ in
      for thread in threads where kill(pid_t(bitPattern: thread), 0) != 0 && errno == ESRCH { ended.append(thread) }
    }
    for thread in ended { try delete(thread) }
  }
}
