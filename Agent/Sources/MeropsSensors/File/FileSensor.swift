// SPDX-License-Identifier: Apache-2.0
import BPF
import Glibc
import MeropsModel

/// Reports what is done to files.
struct FileSensor: Sensor {
  let eventClass = EventClass.file
  let reports: [SensorReport]
  private let object: File
  private let hasHook: Bool
  private let repeatTime: UInt64

  var collection: BPFCollection { object.collection }

  init(_ options: SensorOptions, _ maps: SharedMaps) throws {
    let repeatTime = options.files.repeatTime.nanoseconds
    self.repeatTime = repeatTime
    let load = { (withHook: Bool) throws -> File in
      let opened = try File.open()
      try maps.share(with: opened.collection)
      try maps.calls.share(with: opened.collection)
      opened.globals.ownProcess = UInt32(bitPattern: getpid())
      opened.globals.hasIgnoredDirectories = options.files.ignoredDirectories.isEmpty ? 0 : 1
      opened.globals.hasIgnoredProcesses = options.files.ignoredProcesses.isEmpty ? 0 : 1
      opened.globals.repeatTime = repeatTime
      opened.globals.withMissingFiles = options.files.withMissingFiles ? 1 : 0
      opened.globals.rateLimit = UInt64(max(0, options.files.rateLimit))
      opened.globals.opensByHook = withHook ? 1 : 0
      try opened.collection.setAutoload(withHook, of: "onFileOpen")
      return try opened.load()
    }
    var refusal: String?
    do {
      object = try load(true)
    } catch {
      refusal = "\(error)"
      object = try load(false)
    }
    hasHook = refusal == nil

    try maps.calls.add(SystemCall.ofFiles)
    try maps.calls.add(object.onOpenCall.program(), as: CallProgram.open)
    try maps.calls.add(object.onDescriptorCall.program(), as: CallProgram.descriptor)
    try maps.calls.add(object.onNameCall.program(), as: CallProgram.names)
    for directory in options.files.ignoredDirectories {
      guard let identity = FileIdentity(of: directory) else { continue }
      try object.ignoredDirectories.set(1, for: identity)
    }
    for process in options.files.ignoredProcesses { try object.ignoredProcesses.set(1, for: process) }

    let calls = "raw_tp/sys_exit"
    let thirtyTwo = "the calls of 32-bit programs"
    reports = [
      SensorReport(
        sensor: "file.open, file.create, file.write", hook: hasHook ? "fexit/security_file_open" : calls,
        missing: refusal.map {
          "opens by io_uring and \(thirtyTwo): the kernel does not allow fexit programs (\($0.split(separator: "\n")[0]))"
        }),
      SensorReport(
        sensor: "file.unlink, file.rename, file.link, file.symlink, file.chmod, file.chown, mount, umount", hook: calls,
        missing: "what io_uring does, and \(thirtyTwo); names are the caller's memory, not the kernel's objects"),
      SensorReport(sensor: "file.mmap_exec", hook: calls, missing: thirtyTwo),
    ]
  }

  func attach(_ links: LinkSet) throws {
    if hasHook { links.keep(try object.onFileOpen.attach(), as: object.onFileOpen.name) }
  }

  /// Reports repeated opens that nobody repeats any more: a program reports the others with the next open.
  func collect(into reading: inout Reading, isLast: Bool) throws {
    let now = Reading.sinceBoot()
    var over: [OpenKey] = []
    try object.opens.forEachChunk { keys, values in
      for index in keys.indices where isLast || values[index].time &+ 2 &* repeatTime < now { over.append(keys[index]) }
    }
    for key in over {
      guard let repeats = try object.opens.take(key), repeats.count > 0 else { continue }
      reading.takeRepeats(key, repeats)
    }
  }
}

extension Duration {
  var nanoseconds: UInt64 {
    UInt64(clamping: components.seconds) * 1_000_000_000 + UInt64(clamping: components.attoseconds / 1_000_000_000)
  }
}

extension FileIdentity {
  /// The directory at a path; nil if there is none.
  init?(of path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    let major = status.st_dev >> 8 & 0xfff | status.st_dev >> 32 & ~0xfff
    let minor = status.st_dev & 0xff | status.st_dev >> 12 & ~0xff & 0xffff_ffff
    self.init(inode: UInt64(status.st_ino), device: UInt64(major) << 20 | UInt64(minor) & 0xfffff)
  }
}
