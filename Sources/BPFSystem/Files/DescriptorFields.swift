// SPDX-License-Identifier: Apache-2.0
package import SystemPackage

/// What the kernel says of a descriptor in `/proc/PID/fdinfo`: lines of `name: value`.
package struct DescriptorFields: Sendable {
  private let bytes: [UInt8]

  package init(fd: CInt) throws(Errno) { try self.init(of: "/proc/self/fdinfo/\(fd)") }

  init(of path: String) throws(Errno) { self.init(parsing: try SystemFile.read(path)) }

  init(parsing bytes: [UInt8]) { self.bytes = bytes }

  package subscript(name: String) -> String? {
    var rest = bytes[...]
    while !rest.isEmpty {
      let line = rest.prefix { $0 != UInt8(ascii: "\n") }
      let value = line.dropFirst(name.utf8.count)
      if value.first == UInt8(ascii: ":"), line.starts(with: name.utf8) {
        return String(decoding: value.dropFirst().drop { $0 == 0x20 || $0 == UInt8(ascii: "\t") }, as: UTF8.self)
      }
      rest = rest[line.endIndex...].dropFirst()
    }
    return nil
  }
}
