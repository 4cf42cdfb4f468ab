// SPDX-License-Identifier: Apache-2.0

/// Lends uninitialised memory, on the stack if it is small. The error is carried by hand: up to Swift 6.2,
/// `withUnsafeTemporaryAllocation` throws any.
@inlinable func withRoom<Outcome: ~Copyable>(
  byteCount: Int, alignment: Int = 8, _ body: (UnsafeMutableRawBufferPointer) throws(BPFError) -> Outcome
) throws(BPFError) -> Outcome {
  let outcome = withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: alignment) {
    (room) -> Result<Outcome, BPFError> in
    do throws(BPFError) {
      return .success(try body(room))
    } catch {
      return .failure(error)
    }
  }
  return try outcome.get()
}

/// The same for one value: a stride, never less than the size.
@inlinable func withRoom<Value, Outcome: ~Copyable>(
  for type: Value.Type, _ body: (UnsafeMutableRawBufferPointer) throws(BPFError) -> Outcome
) throws(BPFError) -> Outcome {
  try withRoom(byteCount: MemoryLayout<Value>.stride, alignment: MemoryLayout<Value>.alignment, body)
}
