// SPDX-License-Identifier: Apache-2.0

import BPF
import Foundation
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
    var paths = [root]
    var ids: [UInt64: String] = [:]
    let below = FileManager.default.enumerator(atPath: root)
    while let entry = below?.nextObject() as? String {
      var isDirectory: ObjCBool = false
      let path = "\(root)/\(entry)"
      if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue {
        paths.append(path)
      }
    }
    for path in paths {
      var status = stat()
      if stat(path, &status) == 0 { ids[UInt64(status.st_ino)] = path }
    }
    (all, byID) = (paths, ids)
  }
}
