// SPDX-License-Identifier: Apache-2.0

/// The buffer that the verifier, or the BTF check, writes its log to.
package struct KernelLog: Sendable {
  /// 1 states, 2 also each instruction, 4 statistics (bits).
  package var level: UInt32
  /// Room for the log, in bytes, the closing NUL among them.
  package var capacity: Int
  /// What was written, without the closing NUL. Not always valid UTF-8.
  package internal(set) var bytes: [UInt8] = []
  /// The room that the whole log needs, as the kernel says. Zero when it does not say.
  ///
  /// - Requires: Linux 6.4
  package internal(set) var requiredCapacity: Int = 0

  package init(level: UInt32 = 1, capacity: Int = 64 << 10) {
    self.level = level
    self.capacity = max(capacity, 128)
  }

  /// The log as text, repaired where it is not UTF-8.
  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Lends the buffer for one call and keeps what the kernel wrote.
  mutating func collecting<Result: ~Copyable, Failure: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 1)
    buffer[0] = 0
    buffer[capacity - 1] = 0
    defer {
      let end = buffer.firstIndex(of: 0) ?? capacity
      bytes = Array(buffer[..<end])
      buffer.deallocate()
    }
    return try body(buffer)
  }
}
