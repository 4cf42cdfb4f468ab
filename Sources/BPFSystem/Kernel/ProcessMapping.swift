// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SystemPackage

/// A part of a file in the memory of a process: a line of `/proc/PID/maps`.
package struct ProcessMapping: Sendable, Hashable {
  package var addresses: Range<UInt64>
  package var isExecutable: Bool
  /// Where in the file it begins, in bytes.
  package var fileOffset: UInt64
  /// As the process sees it; empty for memory that is of no file.
  package var path: String

  /// Reads "7f5c6f5d8000-7f5c6f5d9000 r-xp 00001000 103:01 362990598    /usr/lib/libc.so.6": nil if it is not such a line.
  package init?(parsing line: some StringProtocol) {
    let fields = line.split(separator: " ", maxSplits: 5)
    let ends = fields.first?.split(separator: "-").compactMap { UInt64($0, radix: 16) } ?? []
    guard fields.count >= 5, ends.count == 2, ends[0] <= ends[1], let offset = UInt64(fields[2], radix: 16) else {
      return nil
    }
    addresses = ends[0]..<ends[1]
    isExecutable = fields[1].dropFirst(2).first == "x"
    fileOffset = offset
    path = fields.count > 5 ? String(fields[5].drop { $0 == " " }) : ""
  }

  /// All of a process.
  ///
  /// - Throws: `ENOENT` when there is no such process, `EACCES`.
  package static func all(of processID: Int32) throws(Errno) -> [ProcessMapping] {
    let text = String(decoding: try SystemFile.read("/proc/\(processID)/maps"), as: UTF8.self)
    return text.split(separator: "\n").compactMap { ProcessMapping(parsing: $0) }
  }

  /// The address of a byte of the file, if this part holds it.
  package func address(ofFileOffset offset: UInt64) -> UInt64? {
    guard offset >= fileOffset, offset - fileOffset < addresses.upperBound - addresses.lowerBound else { return nil }
    return addresses.lowerBound + (offset - fileOffset)
  }

  /// What a process calls a file that this process knows by `path`: without symbolic links, and below its own root.
  package static func path(of path: String, in processID: Int32) -> String {
    let root = "/proc/\(processID)/root/"
    if path.hasPrefix(root) { return String(path.dropFirst(root.utf8.count - 1)) }
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
