// SPDX-License-Identifier: Apache-2.0
import Gzip

/// Decompresses bytes with and without a header: never more than the limit, and the end lies inside the input.
@c(LLVMFuzzerTestOneInput) public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  let limit = 1 << 20
  _ = try? Gzip.unpack(bytes, limit: limit)
  guard let (contents, end) = try? Gzip.inflate(bytes, limit: limit) else { return 0 }
  guard contents.count <= limit, end <= bytes.count else { fatalError("more than there is") }
  return 0
}
