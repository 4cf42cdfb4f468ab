// SPDX-License-Identifier: Apache-2.0

import BPFSystem
import SystemPackage

/// Paths in a bpffs.
enum Pinning {
  /// What to do about a pin that the kernel refused.
  static func hint(_ error: Errno) -> String? {
    switch error {
    case .notPermitted, .permissionDenied, .invalidArgument, .noSuchFileOrDirectory:
      "the path must be in a bpffs, in a directory that exists: mount -t bpf bpf /sys/fs/bpf"
    case .fileExists: "remove it first, or choose another path"
    default: nil
    }
  }

  /// Pins a kernel object.
  static func pin(_ descriptor: CInt, at path: String, makingDirectories: Bool = false) throws(Errno) {
    do {
      try BPFCall.pin(fd: descriptor, at: path)
    } catch {
      guard makingDirectories, error == .noSuchFileOrDirectory, let slash = path.lastIndex(of: "/"),
        (try? makeDirectories(String(path[..<slash]))) != nil
      else { throw error }
      try BPFCall.pin(fd: descriptor, at: path)
    }
  }

  static func remove(_ path: String) throws(BPFError) {
    do { try SystemFile.remove(path) } catch { throw BPFError("removing pin \(path)", errno: error) }
  }

  /// Makes a directory and those above it, each for the owner only.
  ///
  /// - Returns: the directories that were made, outermost first.
  static func makeDirectories(_ path: String) throws(BPFError) -> [String] {
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
        throw BPFError("making directory \(current)", errno: error, hint: hint(error))
      }
    }
    return made
  }

  static func removeDirectory(_ path: String) { try? SystemFile.removeDirectory(path) }
}
