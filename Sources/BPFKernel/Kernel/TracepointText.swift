// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// Text or bytes of any length in a tracepoint's record (`__data_loc`): where they are, and how many.
@frozen public struct TracepointText: BitwiseCopyable {
  /// Where the first byte is; for `bpf_probe_read_kernel_str` and `FixedString`.
  public let address: UnsafeRawPointer
  /// Bytes, with a text's closing zero.
  public let count: Int

  /// Takes apart what the record has in the field: the offset in the lower half, the length in the upper.
  ///
  /// - Parameters:
  ///   - place: what the record has in the field.
  ///   - record: the tracepoint's record.
  ///   - origin: where the offset counts from, in bytes of the record.
  @inline(__always)
  public init(_ place: UInt32, of record: UnsafeRawPointer, after origin: Int) {
    address = record + (origin &+ Int(place & 0xffff))
    count = Int(place >> 16)
  }
}
