// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import MeropsControl
import MeropsPolicy

/// A directory whose files of policies count: when something changes there, and what is in it.
final class PolicyDirectory {
  let path: String
  private let inotify: CInt
  private var watch: CInt = -1
  /// The directory that is watched: another one may get its name.
  private var watched: (device: dev_t, inode: ino_t)?

  /// Why the files cannot be taken.
  enum Problem: Error {
    /// Somebody writes one of them, or has just removed it: it is looked at again.
    case unsettled
    case refused(String)
  }

  /// More files are somebody's mistake.
  static let fileLimit = 1000

  init(_ path: String) {
    self.path = path
    inotify = inotify_init1(CInt(IN_NONBLOCK) | CInt(IN_CLOEXEC))
    // The kernel tells whoever holds a lease (see `isBeingWritten`) that another one wants to write: by default that ends a process.
    signal(SIGIO, SIG_IGN)
  }

  deinit { if inotify >= 0 { close(inotify) } }

  /// Whether something has changed there since it was asked last. Without inotify it may always have.
  func hasChanged() -> Bool {
    guard inotify >= 0 else { return true }
    var facts = stat()
    let isThere = stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
    let isSame = isThere && watched.map { $0.device == facts.st_dev && $0.inode == facts.st_ino } == true
    var hasChanged = false
    if !isSame {
      hasChanged = isThere || watched != nil
      if watch >= 0 { inotify_rm_watch(inotify, watch) }
      let events =
        IN_CLOSE_WRITE | IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR
      watch = isThere ? inotify_add_watch(inotify, path, UInt32(events)) : -1
      watched = watch >= 0 ? (facts.st_dev, facts.st_ino) : nil
    }
    var events = [UInt8](repeating: 0, count: 4096)
    while Glibc.read(inotify, &events, events.count) > 0 { hasChanged = true }
    return hasChanged || isThere && watch < 0
  }

  /// The files of policies, by name, with their lists: those whose name ends in `.yaml` or `.yml`, but no cases and none that are
  /// hidden.
  func files() throws(Problem) -> [PolicyVersion.File] {
    let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw .refused("the directory \(path) cannot be read: \(Self.reason(errno))") }
    defer { close(folder) }
    try Self.check(folder, "the directory \(path)", S_IFDIR)
    let names = PolicyPins.names(in: path).filter { PolicySources.isPolicyFile($0) }.sorted()
    guard names.count <= Self.fileLimit else {
      throw .refused(
        "the directory \(path) has \(names.count) files of policies, and may have \(Self.fileLimit): put several policies into one "
          + "file, with `---` between them")
    }
    var files: [PolicyVersion.File] = []
    for name in names {
      var file = PolicyVersion.File(
        name: name, text: try Self.text(name, in: folder, path, limit: PolicyFile.sizeLimit), directory: path)
      for list in ListFile.names(in: file.text) {
        file.lists = file.lists ?? [:]
        file.lists?[list] = try Self.text(list, in: folder, path, limit: ListFile.sizeLimit, isNamed: true)
      }
      files.append(file)
    }
    return files
  }

  private static func text(
    _ name: String, in folder: CInt, _ path: String, limit: Int, isNamed: Bool = false
  ) throws(Problem) -> String {
    let file = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    let what = "the file \(path)/\(name)"
    guard file >= 0 else {
      let number = errno
      var facts = stat()
      guard number == ENOENT else { throw .refused("\(what) cannot be read: \(reason(number))") }
      guard fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 else {
        // A list is named by a policy; a policy's file was there just now.
        throw isNamed ? .refused("\(what) is not there, and a policy has a list in it") : .unsettled
      }
      throw .refused("\(what) is a symbolic link to a file that is not there")
    }
    defer { close(file) }
    try check(file, what, S_IFREG)
    guard !isBeingWritten(file) else { throw .unsettled }
    var bytes: [UInt8] = []
    while bytes.count <= limit {
      let piece = [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
        count = max(Glibc.read(file, buffer.baseAddress, buffer.count), 0)
      }
      if piece.isEmpty { break }
      bytes += piece
    }
    guard bytes.count <= limit else { throw .refused("\(what) is longer than \(limit) bytes") }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .refused("\(what) is not text in UTF-8") }
    return text
  }

  /// F_SETLEASE (include/uapi/linux/fcntl.h).
  private static let setLease: CInt = 1024

  /// Whether a process has the file open for writing. The kernel gives no lease for reading then (fcntl(2), F_SETLEASE); where it
  /// cannot know, it gives another error.
  private static func isBeingWritten(_ file: CInt) -> Bool {
    guard fcntl(file, setLease, CInt(F_RDLCK)) == 0 else { return errno == EAGAIN }
    _ = fcntl(file, setLease, CInt(F_UNLCK))
    return false
  }

  /// What others may change are not root's policies.
  private static func check(_ descriptor: CInt, _ what: String, _ type: mode_t) throws(Problem) {
    var facts = stat()
    guard fstat(descriptor, &facts) == 0 else { throw .unsettled }
    guard facts.st_mode & S_IFMT == type else { throw .refused("\(what) is no regular file") }
    guard facts.st_uid == 0 || facts.st_uid == geteuid() else {
      throw .refused("\(what) belongs to user \(facts.st_uid), and has to belong to root: chown root \(path(of: what))")
    }
    guard facts.st_mode & 0o022 == 0 else {
      throw .refused("\(what) can be changed by others than root: chmod go-w \(path(of: what))")
    }
  }

  private static func path(of what: String) -> Substring { what[(what.firstIndex(of: "/") ?? what.startIndex)...] }

  private static func reason(_ number: CInt) -> String { String(cString: strerror(number)) }
}
