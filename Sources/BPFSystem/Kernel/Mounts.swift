// SPDX-License-Identifier: Apache-2.0
import CBPF
import Glibc
package import SystemPackage

/// A mounted file system.
package struct Mount: Sendable, Hashable {
  package var path: String
  /// `bpf`, `tracefs`, `cgroup2`.
  package var type: String
  package var source: String
  /// The directory of that file system that is visible here; `/` for all of it.
  package var root: String

  /// Reads a line of /proc/self/mountinfo (proc(5)): nil if it is not one.
  package init?(parsing line: some StringProtocol) {
    let fields = line.split(separator: " ")
    // Optional fields stand between the sixth and a lone dash.
    guard fields.count > 6, let dash = fields[6...].firstIndex(of: "-"), dash + 2 < fields.count else { return nil }
    root = Mount.unescaped(fields[3])
    path = Mount.unescaped(fields[4])
    type = String(fields[dash + 1])
    source = Mount.unescaped(fields[dash + 2])
  }

  /// Space, tab, newline and backslash are written as three octal digits.
  private static func unescaped(_ field: some StringProtocol) -> String {
    var bytes: [UInt8] = []
    let input = Array(field.utf8)
    var index = 0
    while index < input.count {
      let digits = input[index...].dropFirst().prefix(3)
      if input[index] == UInt8(ascii: "\\"), digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) }) {
        bytes.append(digits.reduce(UInt8(0)) { $0 &* 8 &+ ($1 - 0x30) })
        index += 4
      } else {
        bytes.append(input[index])
        index += 1
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Where the file systems are that eBPF needs, and mounting them where they are not.
package enum Mounts {
  /// Everything that is mounted in this process's namespace.
  package static func all() throws(Errno) -> [Mount] {
    let text = String(decoding: try SystemFile.read("/proc/self/mountinfo"), as: UTF8.self)
    return text.split(separator: "\n").compactMap { Mount(parsing: $0) }
  }

  /// The first mount of a type, preferring one at the usual place; nil when there is none.
  package static func find(type: String, preferring usual: String? = nil) -> Mount? {
    let found = ((try? all()) ?? []).filter { $0.type == type }
    return found.first { $0.path == usual } ?? found.first { $0.root == "/" } ?? found.first
  }

  package static var bpffs: String? { find(type: "bpf", preferring: "/sys/fs/bpf")?.path }
  package static var tracefs: String? { find(type: "tracefs", preferring: "/sys/kernel/tracing")?.path }
  package static var cgroup2: String? { find(type: "cgroup2", preferring: "/sys/fs/cgroup")?.path }

  /// Whether a path, which must exist, lies in a bpffs.
  package static func isBPFFS(_ path: String) -> Bool {
    cbpf_filesystem_type(path) == 0xcafe_4a11
  }

  /// Mounts a bpffs, and answers where; nothing is mounted when there is one.
  @discardableResult
  package static func mountBPFFS(at path: String = "/sys/fs/bpf") throws(Errno) -> String {
    if let mounted = bpffs { return mounted }
    return try mount(type: "bpf", at: path, options: "mode=0700")
  }

  /// Mounts tracefs, and answers where; nothing is mounted when it is.
  @discardableResult
  package static func mountTracefs(at path: String = "/sys/kernel/tracing") throws(Errno) -> String {
    if let mounted = tracefs { return mounted }
    return try mount(type: "tracefs", at: path)
  }

  /// Mounts a cgroup v2 hierarchy, and answers where; nothing is mounted when there is one.
  @discardableResult
  package static func mountCgroup2(at path: String = "/sys/fs/cgroup") throws(Errno) -> String {
    if let mounted = cgroup2 { return mounted }
    return try mount(type: "cgroup2", at: path)
  }

  /// Mounts a file system without devices, set-user-id files or programs.
  @discardableResult
  package static func mount(type: String, at path: String, options: String? = nil) throws(Errno) -> String {
    let flags = UInt(MS_NODEV | MS_NOSUID | MS_NOEXEC)
    try checked(Glibc.mount(type, path, type, flags, options).orError)
    return path
  }

  package static func unmount(_ path: String) throws(Errno) {
    try checked(umount2(path, CInt(UMOUNT_NOFOLLOW)).orError)
  }
}
