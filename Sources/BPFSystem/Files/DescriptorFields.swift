// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

/// What the kernel says of a descriptor in `/proc/PID/fdinfo`: lines of `name: value`.
public struct DescriptorFields: Sendable {
  private let values: [String: String]

  public init(fd: CInt) throws(Errno) { try self.init(of: "/proc/self/fdinfo/\(fd)") }

  init(of path: String) throws(Errno) { values = Self.parse(try SystemFile.text(path)) }

  public subscript(name: String) -> String? { values[name] }

  static func parse(_ text: String) -> [String: String] {
    var values: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      values[String(parts[0])] = String(parts[1].drop { $0 == " " || $0 == "\t" })
    }
    return values
  }
}
