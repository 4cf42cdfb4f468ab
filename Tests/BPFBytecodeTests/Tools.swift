// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// Runs `body` with a new directory, and removes it.
func withTemporaryDirectory<T>(_ body: (String) throws -> T) throws -> T {
  let path = NSTemporaryDirectory() + "merops-" + UUID().uuidString
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(path)
}

/// clang and llvm-objdump of a release that knows all of ISA v4.
enum LLVM {
  static let clang = newest("clang")
  static let objdump = newest("llvm-objdump")

  private static func newest(_ tool: String) -> String? {
    toolchainPath(tool) ?? commandPath("\(tool)-21") ?? commandPath("\(tool)-20")
  }
}

extension Requirement {
  static let llvm = Requirement("needs clang and llvm-objdump, version 20 or later") {
    LLVM.clang != nil && LLVM.objdump != nil
  }

  static let bpfFileSystem = Requirement("needs a bpf file system at /sys/fs/bpf") {
    (try? String(contentsOfFile: "/proc/mounts", encoding: .utf8))?.contains(" /sys/fs/bpf bpf ") ?? false
  }
}
