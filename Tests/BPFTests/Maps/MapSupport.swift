// SPDX-License-Identifier: Apache-2.0

import BPF
import Foundation
import TestSupport

/// `bpftool map`: the second implementation that map tests ask and tell.
enum BPFTool {
  /// The elements of a map as bpftool prints them: bytes of keys and values.
  static func dump(_ map: AnyMap) throws -> Set<[[UInt8]]> {
    let result = try Shell.run(["bpftool", "-j", "map", "dump", "id", "\(map.info.id)"], mergeErrors: false)
    guard let list = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]] else {
      throw Shell.Failed(description: result.output)
    }
    return Set(
      list.map { element in
        let values = (element["values"] as? [[String: Any]])?.map { bytes($0["value"]) } ?? [bytes(element["value"])]
        return [bytes(element["key"])] + values
      })
  }

  /// Writes an element: bytes as bpftool takes them.
  static func update(_ map: AnyMap, _ key: [UInt8], _ value: [UInt8]) throws {
    try Shell.check(
      ["bpftool", "map", "update", "id", "\(map.info.id)", "key"] + key.map { "\($0)" } + ["value"]
        + value.map { "\($0)" })
  }

  /// What `bpftool map show` says of a map.
  static func show(_ map: AnyMap) throws -> [String: Any] {
    let text = try Shell.run(["bpftool", "-j", "map", "show", "id", "\(map.info.id)"], mergeErrors: false).output
    return try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
  }

  private static func bytes(_ json: Any?) -> [UInt8] {
    (json as? [String] ?? []).compactMap { UInt8($0.dropFirst(2), radix: 16) }
  }
}

extension FixedWidthInteger {
  var bytes: [UInt8] { withUnsafeBytes(of: littleEndian) { Array($0) } }
}

extension Array where Element == UInt8 {
  var u32: UInt32 { reversed().reduce(0) { $0 << 8 | UInt32($1) } }
  var u64: UInt64 { reversed().reduce(0) { $0 << 8 | UInt64($1) } }
}
