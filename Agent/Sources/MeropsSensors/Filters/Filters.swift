// SPDX-License-Identifier: Apache-2.0
import BPF
import Glibc
import MeropsModel
import Synchronization

/// The maps of what is left out, and what is in them.
final class Filters: Sendable {
  private let options: FilterOptions
  private let processes: Map<UInt32, UInt8>
  private let cgroups: Map<UInt64, UInt8>
  private let users: Map<UInt32, UInt8>
  private let programs: Map<FileIdentity, UInt8>
  /// The files that the paths of programs led to when they were looked up last.
  private let files = Mutex<Set<FileIdentity>>([])

  /// Processes of so many are known by their programs; those of more are reported.
  private static let processLimit = 32768

  /// Sets what the object that has the maps leaves out, and how large they are, before it is loaded.
  static func prepare(_ collection: BPFCollection, _ options: FilterOptions) throws(BPFError) {
    if !options.programs.isEmpty { try collection.setMaxEntries(processLimit, of: "leftOutProcesses") }
    try set(options, of: collection)
  }

  /// - Parameter object: has the maps, and is loaded.
  init(_ object: Calls, _ options: FilterOptions) throws {
    self.options = options
    processes = object.leftOutProcesses
    cgroups = object.leftOutCgroups
    users = object.leftOutUsers
    programs = object.leftOutPrograms
    for process in options.processes { try processes.set(LeftOut.byNumber, for: process) }
    for user in options.users { try users.set(1, for: user) }
    try refresh()
  }

  /// Says what the programs of an object leave out.
  private static func set(_ options: FilterOptions, of collection: BPFCollection) throws(BPFError) {
    var filter = Filter()
    filter.ownProcess = UInt32(bitPattern: getpid())
    filter.byProcess = options.processes.isEmpty && options.programs.isEmpty ? 0 : 1
    filter.byProgram = options.programs.isEmpty ? 0 : 1
    filter.byCgroup = options.cgroups.isEmpty ? 0 : 1
    filter.byUser = options.users.isEmpty ? 0 : 1
    func limit(_ eventClass: EventClass) -> UInt64 { UInt64(max(0, options.limits[eventClass] ?? 0)) }
    filter.processLimit = limit(.process)
    filter.fileLimit = limit(.file)
    filter.networkLimit = limit(.network)
    filter.dnsLimit = limit(.dns)
    filter.kernelLimit = limit(.kernel)
    try collection.setGlobal("filter", to: filter)
  }

  /// Lets an object use the maps in place of its own.
  func share(with collection: BPFCollection) throws(BPFError) {
    try collection.replaceMap("leftOutProcesses", with: processes.map)
    try collection.replaceMap("leftOutCgroups", with: cgroups.map)
    try collection.replaceMap("leftOutUsers", with: users.map)
    try collection.replaceMap("leftOutPrograms", with: programs.map)
    try Self.set(options, of: collection)
  }

  /// Looks up again which files the programs are: an update puts another file in a program's place.
  func refresh() throws {
    if options.programs.isEmpty { return }
    let now = Set(options.programs.compactMap { FileIdentity(of: $0) })
    try files.withLock { files in
      for file in now.subtracting(files) { try programs.set(1, for: file) }
      for file in files.subtracting(now) { try programs.delete(file) }
      files = now
    }
  }

  /// A cgroup has become known: those below one that is left out are left out, too. Of more than there is room for, acts are
  /// reported.
  func noteCgroup(_ id: UInt64, _ path: [UInt8]) {
    let isLeftOut = options.cgroups.contains { cgroup in
      path.starts(with: cgroup.utf8)
        && (path.count == cgroup.utf8.count || path[cgroup.utf8.count] == UInt8(ascii: "/"))
    }
    if isLeftOut { try? cgroups.set(1, for: id) }
  }

  /// Whether acts in a cgroup are left out.
  func isLeftOut(cgroup: UInt64) throws -> Bool { try cgroups.get(cgroup) != nil }

  /// Which files the programs are.
  var programFiles: Set<FileIdentity> { files.withLock { $0 } }

  func forgetCgroup(_ id: UInt64) {
    if !options.cgroups.isEmpty { _ = try? cgroups.delete(id) }
  }
}

extension FileIdentity {
  /// The file or directory at a path; nil if there is none. The path is looked up where the machine's first process is: a
  /// service may have a /dev or /tmp of its own.
  init?(of path: String) {
    var status = stat()
    guard stat("/proc/1/root" + path, &status) == 0 || stat(path, &status) == 0 else { return nil }
    let major = status.st_dev >> 8 & 0xfff | status.st_dev >> 32 & ~0xfff
    let minor = status.st_dev & 0xff | status.st_dev >> 12 & ~0xff & 0xffff_ffff
    self.init(inode: UInt64(status.st_ino), device: UInt64(major) << 20 | UInt64(minor) & 0xfffff)
  }
}
