// SPDX-License-Identifier: Apache-2.0

import Glibc
import MeropsPolicy

/// The hierarchy of cgroup v2.
enum Cgroups {
  /// Where it is mounted; nil where it is not.
  static let mount: String? = {
    guard let file = fopen("/proc/self/mounts", "re") else { return nil }
    defer { fclose(file) }
    var line: UnsafeMutablePointer<CChar>?
    var room = 0
    defer { free(line) }
    while getline(&line, &room, file) > 0, let text = line.map({ String(cString: $0) }) {
      let fields = text.split(separator: " ")
      if fields.count > 2, fields[2] == "cgroup2" { return String(fields[1]) }
    }
    return nil
  }()

  /// The cgroup of a directory, given with the path of the mount.
  static func place(of directory: String) -> PolicyCompiler.Cgroup? {
    guard let mount, directory == mount || directory.hasPrefix(mount + "/") else { return nil }
    return find(String(directory.dropFirst(mount.utf8.count)))
  }

  /// The cgroup of a path below the root.
  ///
  /// The kernel's id of a cgroup is its directory's inode number: kernfs has ids of 64 bits from 5.5 on.
  static func find(_ path: String) -> PolicyCompiler.Cgroup? {
    var facts = stat()
    // In a container the mount may show a part of the tree, and how deep that lies is not known: the root has inode 1.
    guard let mount, stat(mount, &facts) == 0, facts.st_ino == 1 else { return nil }
    guard stat(mount + path, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR else { return nil }
    return PolicyCompiler.Cgroup(id: UInt64(facts.st_ino), level: path.split(separator: "/").count)
  }
}
