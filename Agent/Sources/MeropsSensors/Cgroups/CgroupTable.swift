// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Which path, and which container, a cgroup's id stands for.
///
/// The kernel reports cgroups that come and go, in the order of the other events: a process of the first moment of a
/// container finds its cgroup here.
struct CgroupTable {
  struct Entry {
    var path: [UInt8]
    var container: Container?

    init(path: [UInt8]) {
      self.path = path
      container = Container(cgroup: String(decoding: path, as: UTF8.self))
    }
  }

  private var entries: [UInt64: Entry] = [:]
  /// Those that are gone, the oldest first: processes that were in them may still be reported.
  private var removed: [UInt64] = []
  /// Where the hierarchy is mounted; nil if it is not.
  private let root: String?
  static let removedLimit = 1024

  /// Reads the cgroups that there are.
  init() {
    root = Self.mountPoint()
    guard let root else { return }
    read(root, "")
  }

  subscript(id: UInt64) -> Entry? { entries[id] }

  var count: Int { entries.count }

  mutating func insert(_ id: UInt64, path: [UInt8]) { entries[id] = Entry(path: path) }

  mutating func remove(_ id: UInt64) {
    removed.append(id)
    guard removed.count > 2 * Self.removedLimit else { return }
    for id in removed.prefix(Self.removedLimit) { entries[id] = nil }
    removed.removeFirst(Self.removedLimit)
  }

  /// A directory's inode number is the cgroup's id.
  private mutating func read(_ folder: String, _ path: String) {
    var status = stat()
    guard stat(folder, &status) == 0 else { return }
    entries[UInt64(status.st_ino)] = Entry(path: Array((path.isEmpty ? "/" : path).utf8))
    for name in Folder.names(folder, only: UInt8(DT_DIR)) { read("\(folder)/\(name)", "\(path)/\(name)") }
  }

  static func mountPoint() -> String? {
    // 30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw
    for line in SmallFile.text("/proc/self/mountinfo").split(separator: "\n") {
      let words = line.split(separator: " ")
      guard let dash = words.firstIndex(of: "-"), dash + 1 < words.count, words[dash + 1] == "cgroup2", words.count > 4
      else { continue }
      return String(words[4])
    }
    return nil
  }
}
