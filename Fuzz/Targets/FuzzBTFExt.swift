// SPDX-License-Identifier: Apache-2.0
import BTF

/// Reads function, line and CO-RE records.
@c(LLVMFuzzerTestOneInput) public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  guard let records = try? BTFExt(bytes: bytes) else { return 0 }
  // The tables may lie over each other.
  let counts = [
    records.functionInfo.values.reduce(0) { $0 + $1.count }, records.lineInfo.values.reduce(0) { $0 + $1.count },
    records.coreRelocations.values.reduce(0) { $0 + $1.count },
  ]
  guard counts.allSatisfy({ $0 * 8 <= size }) else { fatalError("more records than the bytes can hold") }
  return 0
}
