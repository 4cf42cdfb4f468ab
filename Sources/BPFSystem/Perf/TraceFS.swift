// SPDX-License-Identifier: Apache-2.0
import CBPF
import Glibc
package import SystemPackage

/// The kernel's trace events.
///
/// Uses the tracefs that is mounted; where none is, a private one that is mounted nowhere and needs no clean-up.
package final class TraceFS: Sendable {
  private let directory: Descriptor

  /// - Throws: `EPERM` when tracefs is not mounted and the caller may not mount; `ENODEV` when the kernel has none.
  /// - Requires: Linux 5.2 where tracefs is not mounted
  package init() throws(Errno) {
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
  package func text(_ path: String) throws(Errno) -> String {
    SystemFile.trimmed(try SystemFile.read(try open(path, flags: O_RDONLY)))
  }

  /// Appends a line to a control file.
  package func append(_ line: String, to path: String) throws(Errno) {
    try SystemFile.write(line, to: try open(path, flags: O_WRONLY | O_APPEND))
  }

  /// The number of an event, which ``PerfEvent/tracepoint(id:)`` takes.
  ///
  /// - Throws: `ENOENT` when the kernel has no such event.
  package func eventID(category: String, name: String) throws(Errno) -> UInt64 {
    guard !category.contains("/"), !name.contains("/") else { throw Errno.noSuchFileOrDirectory }
    guard let id = UInt64(try text("events/\(category)/\(name)/id")) else { throw Errno.invalidArgument }
    return id
  }

  /// How an event's record is laid out, as the kernel prints it.
  package func eventFormat(category: String, name: String) throws(Errno) -> String {
    try text("events/\(category)/\(name)/format")
  }

  /// The events of the kernel, as `category:name`, in its order.
  package func events() throws(Errno) -> [String] {
    try text("available_events").split(separator: "\n").map(String.init)
  }
}
