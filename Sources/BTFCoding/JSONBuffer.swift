// SPDX-License-Identifier: Apache-2.0

/// Memory for JSON, used again and again: once it is large enough, nothing more is allocated.
///
///     var lines = JSONBuffer()
///     try plan.write(record, to: &lines)
///     lines.append("\n")
///     lines.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
///     lines.removeAll()
public struct JSONBuffer: ~Copyable, @unchecked Sendable {
  private var start: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  /// Bytes that were written since the last ``removeAll()``.
  public private(set) var count = 0

  /// - Parameter capacity: bytes to have room for at first.
  public init(capacity: Int = 4096) {
    self.capacity = max(capacity, 64)
    start = .allocate(capacity: self.capacity)
  }

  deinit { start.deallocate() }

  /// Forgets the bytes and keeps the room.
  public mutating func removeAll() { count = 0 }

  /// Appends text as it is, such as a newline between records.
  public mutating func append(_ text: StaticString) {
    write(atMost: text.utf8CodeUnitCount) { $0.literal(text) }
  }

  /// Appends text as it is.
  public mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { utf8 in
      guard let bytes = utf8.baseAddress else { return }
      write(atMost: utf8.count) { $0.literal(bytes, utf8.count) }
    }
  }

  /// The bytes that were written: UTF-8.
  public func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeRawBufferPointer(start: start, count: count))
  }

  /// The bytes that were written, as text.
  public var text: String { withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }

  /// Makes room and writes into it; `body` writes at most `room` bytes.
  @inline(__always)
  mutating func write(atMost room: Int, _ body: (inout JSONOutput) -> Void) {
    if capacity - count < room { grow(by: room) }
    var output = JSONOutput(start + count)
    body(&output)
    count = output.end - start
    assert(count <= capacity)
  }

  private mutating func grow(by room: Int) {
    capacity = max(2 * capacity, count + room)
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    larger.update(from: start, count: count)
    start.deallocate()
    start = larger
  }
}
