// SPDX-License-Identifier: Apache-2.0

import BTF

/// Writes the records of one type as JSON: made once for the type, then used for each record without allocating.
///
/// What it writes is what ``BTFCodec/decode(_:text:)-(UnsafeRawBufferPointer,_)`` and ``BTFValue/json`` give, byte for
/// byte, and about six times faster: the type is made into a list of steps, which each record goes through.
///
///     let plan = RecordJSON(try BTFCodec(types, event))
///     for record in records { try plan.write(record, to: &lines) }
public struct RecordJSON: Sendable {
  public let codec: BTFCodec
  /// nil for types that only the codec reads: big-endian ones, and such as no compiler makes.
  private let plan: RecordPlan?

  public init(_ codec: BTFCodec) {
    self.codec = codec
    plan = RecordPlan(codec)
  }

  /// Appends a record as one JSON value.
  ///
  /// - Parameter bytes: at least `codec.size`. More are the elements of a flexible array, if the type ends with one.
  /// - Throws: ``BTFValueError`` for too few bytes.
  public func write(_ bytes: UnsafeRawBufferPointer, to buffer: inout JSONBuffer) throws(BTFValueError) {
    guard bytes.count >= codec.size else { throw BTFValueError(.tooShort(needed: codec.size, given: bytes.count)) }
    guard let plan, let room = plan.room(for: bytes.count) else {
      return buffer.append(try codec.decode(bytes).json)
    }
    buffer.write(atMost: room) { output in plan.run(bytes, into: &output) }
  }

  /// Appends a record that is a Swift value of the same layout as one JSON value.
  public func write<Record: BitwiseCopyable>(_ record: Record, to buffer: inout JSONBuffer) throws(BTFValueError) {
    try withUnsafeBytes(of: record) { bytes throws(BTFValueError) in try write(bytes, to: &buffer) }
  }
}
