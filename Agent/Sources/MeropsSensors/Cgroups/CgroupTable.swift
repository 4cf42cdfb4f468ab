// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Which path, and which container, a cgroup's id stands for.
///
/// The kernel reports cgroups that come and go, in the order of the other events: a process of the first moment of a
/// container finds its cgroup here. Ids are those of cgroup v2, also where v1 controllers are mounted beside it.
struct CgroupTable {
  struct Entry {
    let path: [UInt8]
    let container: KnownContainer?
  }

  private var entries: [UInt64: Entry] = [:]
  /// A container may have cgroups of its own inside: its files are read once.
  private var containers: [Container: (known: KnownContainer, cgroups: Int)] = [:]
  private let lookup: ContainerLookup
  /// The container whose files took too long to read.
  private var late: KnownContainer?
  /// Those that are gone, the oldest first: processes that were in them may still be reported.
  private var removed: [UInt64] = []
  /// Where the hierarchy is mounted; nil if it is not.
  private let root: String?
  static let removedLimit = 1024

  private let onInsert: (UInt64, [UInt8]) -> Void

  /// - Parameter onInsert: called with the id and the path of each cgroup that becomes known.
  init(_ options: ContainerOptions = ContainerOptions(), onInsert: @escaping (UInt64, [UInt8]) -> Void = { _, _ in }) {
    self.onInsert = onInsert
    root = Self.mountPoint()
    lookup = ContainerLookup(ContainerFiles(options: options))
  }

  /// The cgroup of an id. One whose record was lost is looked for in /proc, by a process that is in it.
  subscript(id: UInt64, of pid: UInt32) -> Entry? {
    mutating get {
      if let known = entries[id] { return known }
      return find(pid) == id ? entries[id] : nil
    }
  }

  var count: Int { entries.count }

  /// The id of a process's cgroup, as /proc has it.
  mutating func find(_ pid: UInt32) -> UInt64? {
    // 0::/system.slice/cron.service
    guard let root,
      let line = SmallFile.text("/proc/\(pid)/cgroup").split(separator: "\n").first(where: { $0.hasPrefix("0::/") }),
      let id = Self.inode(root + line.dropFirst(3))
    else { return nil }
    insert(id, path: Array(line.dropFirst(3).utf8))
    return id
  }

  mutating func insert(_ id: UInt64, path: [UInt8]) {
    guard entries[id] == nil else { return }
    var known: KnownContainer?
    if let container = Container(cgroup: String(decoding: path, as: UTF8.self)) {
      if containers[container] == nil {
        let new = KnownContainer(container)
        lookup.look(for: new)
        containers[container] = (new, 0)
      }
      containers[container]?.cgroups += 1
      known = containers[container]?.known
    }
    entries[id] = Entry(path: path, container: known)
    onInsert(id, path)
  }

  mutating func remove(_ id: UInt64) {
    // The next container of the same name is another one.
    if let container = entries[id]?.container?.container {
      containers[container]?.cgroups -= 1
      if containers[container]?.cgroups == 0 { containers[container] = nil }
    }
    removed.append(id)
    guard removed.count > 2 * Self.removedLimit else { return }
    for id in removed.prefix(Self.removedLimit) { entries[id] = nil }
    removed.removeFirst(Self.removedLimit)
  }

  /// Waits for the files of a container before its first process is described: the runtime wrote them before it made the
  /// cgroup, so that reading them is a matter of microseconds. Where a file system does not answer, the wait ends after a
  /// moment, and nobody waits again until it answers.
  mutating func waitForFiles(of container: KnownContainer) {
    guard !container.isComplete, late?.isComplete != false else { return }
    container.wait(milliseconds: 20)
    late = container.isComplete ? nil : container
  }

  /// Reads the cgroups that there are.
  mutating func readAll() {
    if let root { read(root, "") }
  }

  private mutating func read(_ folder: String, _ path: String) {
    guard let id = Self.inode(folder) else { return }
    insert(id, path: Array((path.isEmpty ? "/" : path).utf8))
    for name in Folder.names(folder, only: UInt8(DT_DIR)) { read("\(folder)/\(name)", "\(path)/\(name)") }
  }

  /// A directory's inode number is the cgroup's id.
  private static func inode(_ folder: String) -> UInt64? {
    var status = stat()
    return stat(folder, &status) == 0 ? UInt64(status.st_ino) : nil
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
