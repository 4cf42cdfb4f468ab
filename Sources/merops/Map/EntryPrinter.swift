// SPDX-License-Identifier: Apache-2.0

import BPF
import BTFCoding

/// Prints the entries of a map as they are read: the first one at once, and without keeping any.
struct EntryPrinter: ~Copyable {
  private let codec: MapCodec
  private let json: Bool
  private var buffer = JSONBuffer(capacity: 2 * Self.full)
  private var count = 0

  /// Bytes that are written at a time.
  private static let full = 32 << 10

  init(_ codec: MapCodec, json: Bool) {
    self.codec = codec
    self.json = json
  }

  mutating func run() throws {
    if json { buffer.append("[") }
    try codec.map.forEach { key, value in
      try append(key, value)
      count += 1
      if count == 1 || buffer.count >= Self.full { flush() }
    }
    if json {
      buffer.append("]\n")
    } else {
      buffer.append("\(count) \(count == 1 ? "entry" : "entries")\n")
    }
    flush()
  }

  private mutating func append(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws {
    if json { buffer.append(count == 0 ? "{\"key\":" : ",\n{\"key\":") }
    try codec.writeKey(key, to: &buffer)
    buffer.append(json ? ",\"value\":" : ": ")
    try codec.writeValue(value, to: &buffer)
    buffer.append(json ? "}" : "\n")
  }

  private mutating func flush() {
    buffer.withUnsafeBytes { bytes in
      // Text beyond ASCII may hold what a terminal should not see.
      if !json, bytes.contains(where: { $0 >= 0x80 }) {
        Output.text(String(decoding: bytes, as: UTF8.self))
      } else {
        Output.bytes(bytes)
      }
    }
    buffer.removeAll()
  }
}
