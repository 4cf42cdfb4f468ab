// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFSystem
import FoundationEssentials
import Glibc

/// The directories of cgroup v2 by id: a cgroup's id is its directory's inode.
struct CgroupPaths {
  static let shared = CgroupPaths()

  /// Paths, the root first.
  let all: [String]
  private let byID: [UInt64: String]

  subscript(id: UInt64) -> String? { byID[id] }

  init() {
    guard let root = Mounts.cgroup2 else {
      (all, byID) = ([], [:])
      return
    }
    var paths: [String] = []
    var ids: [UInt64: String] = [:]
    // One that goes away meanwhile is left out, and nothing else.
    var waiting = [root]
    while let path = waiting.popLast() {
      var status = stat()
      guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { continue }
      paths.append(path)
      ids[UInt64(status.st_ino)] = path
      let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
      waiting += names.sorted(by: >).map { "\(path)/\($0)" }
    }
    (all, byID) = (paths, ids)
  }
}
