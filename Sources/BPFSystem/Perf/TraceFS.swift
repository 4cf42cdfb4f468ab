// SPDX-License-Identifier: Apache-2.0
import CBPF
import Glibc
public import SystemPackage

/// The kernel's trace events.
///
/// Uses the tracefs that is mounted; where none is, a private one that is mounted nowhere and needs no clean-up.
public final class TraceFS: Sendable {
  private let directory: Descriptor

  /// - Throws: `EPERM` when tracefs is not mounted and the caller may not mount; `ENODEV` when the kernel has none.
  /// - Requires: Linux 5.2 where tracefs is not mounted
  public init() throws(Errno) {
    if let path = Mounts.tracefs ?? TraceFS.debugPath {
      directory = try Descriptor.open(path, flags: O_DIRECTORY)
    } else {
      directory = Descriptor(owning: try checked(cbpf_detached_mount("tracefs")))
    }
  }

  /// Where debugfs shows it.
  private static var debugPath: String? {
    guard let path = Mounts.find(type: "debugfs")?.path, access("\(path)/tracing/events", F_OK) == 0 else { return nil }
    return "\(path)/tracing"
  }

  private func open(_ path: String, flags: CInt) throws(Errno) -> Descriptor {
    let directory = directory.rawValue
    return Descriptor(owning: try retrying { cbpf_openat(directory, path, flags, 0) })
  }

  /// Reads a file, by its path below tracefs.
  public func text(_ path: String) throws(Errno) -> String {
    SystemFile.trimmed(try SystemFile.read(try open(path, flags: O_RDONLY)))
  }

  /// Appends a line to a control file.
  public func append(_ line: String, to path: String) throws(Errno) {
    try SystemFile.write(line, to: try open(path, flags: O_WRONLY | O_APPEND))
  }

  /// The number of an event, which ``PerfEvent/tracepoint(id:)`` takes.
  ///
  /// - Throws: `ENOENT` when the kernel has no such event.
  public func eventID(category: String, name: String) throws(Errno) -> UInt64 {
    guard !category.contains("/"), !name.contains("/") else { throw Errno.noSuchFileOrDirectory }
    guard let id = UInt64(try text("events/\(category)/\(name)/id")) else { throw Errno.invalidArgument }
    return id
  }

  /// How an event's record is laid out, as the kernel prints it.
  public func eventFormat(category: String, name: String) throws(Errno) -> String {
    try text("events/\(category)/\(name)/format")
  }

  /// The events of the kernel, as `category:name`, in its order.
  public func events() throws(Errno) -> [String] {
    try text("available_events").split(separator: "\n").map(String.init)
  }
}

/// A probe that is made by writing to tracefs, for kernels without the probe perf units (before 4.17).
///
/// It stays when its maker ends: ``remove()`` it.
public struct LegacyProbe: Sendable, Hashable {
  public enum Place: Sendable, Hashable {
    case function(String, offset: UInt64)
    case file(String, offset: UInt64, semaphore: UInt64)
  }

  public var group: String
  public var name: String
  public var place: Place
  public var isReturn: Bool

  /// - Parameters:
  ///   - group: letters, digits and `_`, as `name`: the event's directory.
  public init(group: String = "merops", name: String, place: Place, isReturn: Bool = false) {
    self.group = group
    self.name = name
    self.place = place
    self.isReturn = isReturn
  }

  private var file: String {
    switch place {
    case .function: "kprobe_events"
    case .file: "uprobe_events"
    }
  }

  /// The line that makes it (Documentation/trace/kprobetrace.rst, uprobetracer.rst).
  public var definition: String {
    let head = "\(isReturn ? "r" : "p"):\(group)/\(name) "
    switch place {
    case .function(let function, let offset):
      return head + (offset == 0 ? function : "\(function)+0x\(String(offset, radix: 16))")
    case .file(let path, let offset, let semaphore):
      let counter = semaphore == 0 ? "" : "(0x\(String(semaphore, radix: 16)))"
      return head + "\(path):0x\(String(offset, radix: 16))\(counter)"
    }
  }

  /// Makes the event and returns its number.
  public func create(in tracefs: TraceFS) throws(Errno) -> UInt64 {
    try tracefs.append(definition + "\n", to: file)
    do {
      return try tracefs.eventID(category: group, name: name)
    } catch {
      try? remove(from: tracefs)
      throw error
    }
  }

  /// Removes the event, which must not be open any more (`EBUSY`).
  public func remove(from tracefs: TraceFS) throws(Errno) {
    try tracefs.append("-:\(group)/\(name)\n", to: file)
  }
}
