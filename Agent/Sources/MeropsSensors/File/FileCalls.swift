// SPDX-License-Identifier: Apache-2.0
import MeropsModel

extension SystemCall {
  // Sources: arch/x86/entry/syscalls/syscall_64.tbl, scripts/syscall.tbl.

  /// The system calls that open files, by number.
  static var ofOpens: [(number: UInt32, call: SystemCall)] {
    #if arch(x86_64)
      [
        (2, open(name: 0, flags: 1)),
        (85, open(name: 0)),  // creat
        (257, open(directory: 0, name: 1, flags: 2)),
        (437, open(directory: 0, name: 1)),  // openat2
        (304, open()),  // open_by_handle_at
      ]
    #elseif arch(arm64)
      [
        (56, open(directory: 0, name: 1, flags: 2)),
        (437, open(directory: 0, name: 1)),  // openat2
        (265, open()),  // open_by_handle_at
      ]
    #else
      []
    #endif
  }

  /// mmap.
  static var ofMaps: [(number: UInt32, call: SystemCall)] {
    #if arch(x86_64)
      let number: UInt32 = 9
    #else
      let number: UInt32 = 222
    #endif
    var call = SystemCall(CallProgram.map, .fileMapExecutable)
    (call.descriptor, call.flags) = (4, 2)
    return [(number, call)]
  }

  /// The system calls that do something by a name, or to what a descriptor stands for.
  static var ofNames: [(number: UInt32, call: SystemCall)] {
    #if arch(x86_64)
      [
        (87, names(.fileUnlink, name: 0)),
        (84, names(.fileUnlink, name: 0)),  // rmdir
        (263, names(.fileUnlink, directory: 0, name: 1)),
        (82, names(.fileRename, name: 0, targetName: 1)),
        (264, names(.fileRename, directory: 0, name: 1, targetDirectory: 2, targetName: 3)),
        (316, names(.fileRename, directory: 0, name: 1, targetDirectory: 2, targetName: 3)),
        (86, names(.fileLink, name: 0, targetName: 1)),
        (265, names(.fileLink, directory: 0, name: 1, targetDirectory: 2, targetName: 3)),
        (88, names(.fileSymlink, name: 1, text: 0)),
        (266, names(.fileSymlink, directory: 1, name: 2, text: 0)),
        (90, names(.fileMode, name: 0, mode: 1)),
        (91, descriptor(.fileMode, 0, mode: 1)),
        (268, names(.fileMode, directory: 0, name: 1, mode: 2)),
        (452, names(.fileMode, directory: 0, name: 1, mode: 2)),  // fchmodat2
        (92, names(.fileOwner, name: 0, owner: 1, group: 2)),
        (93, descriptor(.fileOwner, 0, owner: 1, group: 2)),
        (94, names(.fileOwner, name: 0, owner: 1, group: 2)),
        (260, names(.fileOwner, directory: 0, name: 1, owner: 2, group: 3)),
        (165, names(.mount, name: 1, targetName: 0, text: 2, flags: 3)),
        (429, names(.mount, directory: 2, name: 3, targetDirectory: 0, targetName: 1)),  // move_mount
        (166, names(.unmount, name: 0, flags: 1)),
      ]
    #elseif arch(arm64)
      [
        (35, names(.fileUnlink, directory: 0, name: 1)),
        (38, names(.fileRename, directory: 0, name: 1, targetDirectory: 2, targetName: 3)),
        (276, names(.fileRename, directory: 0, name: 1, targetDirectory: 2, targetName: 3)),
        (37, names(.fileLink, directory: 0, name: 1, targetDirectory: 2, targetName: 3)),
        (36, names(.fileSymlink, directory: 1, name: 2, text: 0)),
        (52, descriptor(.fileMode, 0, mode: 1)),
        (53, names(.fileMode, directory: 0, name: 1, mode: 2)),
        (452, names(.fileMode, directory: 0, name: 1, mode: 2)),  // fchmodat2
        (55, descriptor(.fileOwner, 0, owner: 1, group: 2)),
        (54, names(.fileOwner, directory: 0, name: 1, owner: 2, group: 3)),
        (40, names(.mount, name: 1, targetName: 0, text: 2, flags: 3)),
        (429, names(.mount, directory: 2, name: 3, targetDirectory: 0, targetName: 1)),  // move_mount
        (39, names(.unmount, name: 0, flags: 1)),
      ]
    #else
      []
    #endif
  }

  private static func open(directory: UInt8 = none, name: UInt8 = none, flags: UInt8 = none) -> SystemCall {
    var call = SystemCall(CallProgram.open, .fileOpen)
    (call.directory, call.name, call.flags) = (directory, name, flags)
    return call
  }

  private static func descriptor(
    _ kind: EventKind, _ descriptor: UInt8, mode: UInt8 = none, owner: UInt8 = none, group: UInt8 = none
  ) -> SystemCall {
    var call = SystemCall(CallProgram.names, kind)
    (call.descriptor, call.mode, call.owner, call.group) = (descriptor, mode, owner, group)
    return call
  }

  private static func names(
    _ kind: EventKind, directory: UInt8 = none, name: UInt8, targetDirectory: UInt8 = none, targetName: UInt8 = none,
    text: UInt8 = none, flags: UInt8 = none, mode: UInt8 = none, owner: UInt8 = none, group: UInt8 = none
  ) -> SystemCall {
    var call = SystemCall(CallProgram.names, kind)
    (call.directory, call.name, call.targetDirectory, call.targetName) = (directory, name, targetDirectory, targetName)
    (call.text, call.flags, call.mode, call.owner, call.group) = (text, flags, mode, owner, group)
    return call
  }
}
