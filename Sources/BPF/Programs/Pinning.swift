// SPDX-License-Identifier: Apache-2.0

import BPFSystem
import SystemPackage

/// Paths in a bpffs.
enum Pinning {
  /// Opens a pin, which must be of the kind that is wanted.
  ///
  /// - Throws: of code `.wrongKind` where something else is pinned: the descriptor would be taken for what it is not.
  static func open(_ path: String, as kind: ObjectKind, flags: UInt32 = 0) throws(BPFError) -> Descriptor {
    let context = "opening \(path)"
    let descriptor: Descriptor
    do {
      descriptor = try BPFCall.openPinned(path, flags: flags)
    } catch {
      throw failure(context, at: path, error, isOpening: true)
    }
    try check(descriptor.rawValue, is: kind, context, "the pin")
    return descriptor
  }

  /// Throws unless a descriptor is of a kind.
  static func check(_ fd: CInt, is kind: ObjectKind, _ context: String, _ what: String) throws(BPFError) {
    let found = BPFCall.kind(of: fd)
    guard found != kind else { return }
    throw BPFError(
      .wrongKind, context, detail: "\(what) is \(found.map { "\($0)" } ?? "another kind of object"), not \(kind)")
  }

  /// What the kernel's refusal to pin or to open means: found out by looking, since one errno stands for many causes.
  static func failure(_ context: String, at path: String, _ errno: Errno, isOpening: Bool = false) -> BPFError {
    let (code, detail, hint) = cause(path, errno, isOpening)
    return BPFError(code ?? .init(errno), context, errno: errno, detail: detail, hint: hint)
  }

  private static func cause(
    _ path: String, _ errno: Errno, _ isOpening: Bool
  ) -> (code: BPFError.Code?, detail: String?, hint: String?) {
    guard !path.isEmpty else { return (.invalid, "the path is empty", "name a path in a bpffs") }
    if isOpening, SystemFile.isDirectory(path), SystemFile.fileSystem(of: path) == bpffs {
      return (.invalid, "\(path) is a directory, not a pin", "name a pin in it")
    }
    // How far the path exists, and what is missing of it.
    var existing = path
    var missing: [Substring] = []
    while SystemFile.fileSystem(of: existing) == nil {
      let slash = existing.lastIndex(of: "/")
      missing.insert(slash.map { existing[existing.index(after: $0)...] } ?? existing[...], at: 0)
      existing = slash.map { $0 == existing.startIndex ? "/" : String(existing[..<$0]) } ?? "."
      if existing == "/" || existing == "." { break }
    }
    guard SystemFile.fileSystem(of: existing) == bpffs else {
      guard !isOpening || missing.isEmpty else {
        return (nil, "there is no \(path)", Mounts.bpffs.map { "pins are in a bpffs, below \($0)" })
      }
      let hint = Mounts.bpffs.map { "use a path below \($0)" } ?? "mount a bpffs: mount -t bpf bpf /sys/fs/bpf"
      return (.invalid, "\(path) is not in a bpffs", hint)
    }
    if let part = missing.first(where: { $0.contains(".") }), errno == .notPermitted {
      return (.invalid, "a bpffs does not allow a dot in a name, as in '\(part)'", "choose a name without a dot")
    }
    switch errno {
    case .fileExists:
      let what = SystemFile.isDirectory(path) ? "a directory" : "a pin"
      return (nil, "\(path) exists already and is \(what)", "remove it first, or choose another path")
    case .notDirectory: return (.invalid, "\(existing) is not a directory", "choose another path")
    case .fileNameTooLong: return (.invalid, "a name in a bpffs has at most 255 bytes", "choose a shorter one")
    case .readOnlyFileSystem: return (nil, "the bpffs is mounted read-only", "mount it with -o remount,rw")
    case .noSuchFileOrDirectory where missing.last?.isEmpty == true:
      return (.invalid, "the path ends in a slash, as a directory's does", "leave the slash out")
    case .noSuchFileOrDirectory where missing.count > 1:
      let directory = path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)
      return (nil, "directory \(directory) does not exist", isOpening ? nil : "create it first: mkdir -p \(directory)")
    case .noSuchFileOrDirectory: return (nil, "nothing is pinned there", nil)
    case .permissionDenied, .notPermitted:
      return (
        nil, nil,
        CurrentProcess.isRoot
          ? "this process is root but lacks a capability, or a security module forbids it"
          : "the permissions of \(existing) do not allow it: run as its owner, or as root"
      )
    default: return (nil, nil, nil)
    }
  }

  /// `BPF_FS_MAGIC`
  static let bpffs: UInt32 = 0xcafe_4a11

  /// Pins a kernel object.
  ///
  /// - Returns: the directories that were created for it, outermost first.
  @discardableResult
  static func pin(_ descriptor: CInt, at path: String, makingDirectories: Bool = false) throws(Errno) -> [String] {
    do {
      try BPFCall.pin(fd: descriptor, at: path)
      return []
    } catch {
      guard makingDirectories, error == .noSuchFileOrDirectory, let slash = path.lastIndex(of: "/"),
        let made = try? makeDirectories(String(path[..<slash]))
      else { throw error }
      do {
        try BPFCall.pin(fd: descriptor, at: path)
      } catch {
        for directory in made.reversed() { removeDirectory(directory) }
        throw error
      }
      return made
    }
  }

  static func remove(_ path: String) throws(BPFError) {
    do { try SystemFile.remove(path) } catch { throw BPFError("removing pin \(path)", errno: error) }
  }

  /// Creates a directory and those above it, each for the owner only.
  ///
  /// - Returns: the directories that were created, outermost first.
  static func makeDirectories(_ path: String) throws(BPFError) -> [String] {
    guard !path.isEmpty else { throw failure("creating a directory", at: path, .noSuchFileOrDirectory) }
    var made: [String] = []
    var current = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/") {
      current += "/" + part
      do {
        try SystemFile.makeDirectory(current)
        made.append(current)
      } catch {
        if error == .fileExists { continue }
        for directory in made.reversed() { removeDirectory(directory) }
        throw failure("creating directory \(current)", at: current, error)
      }
    }
    return made
  }

  static func removeDirectory(_ path: String) { try? SystemFile.removeDirectory(path) }
}
