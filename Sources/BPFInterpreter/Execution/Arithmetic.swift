// SPDX-License-Identifier: Apache-2.0

// Parts of operations: 32-bit operations give their result with the upper half zero.

@inline(__always) func low(_ value: UInt64) -> UInt64 { value & 0xffff_ffff }
@inline(__always) func signed(_ value: UInt64) -> Int64 { Int64(bitPattern: value) }
@inline(__always) func signed32(_ value: UInt64) -> Int32 { Int32(truncatingIfNeeded: value) }
@inline(__always) func extended(_ value: some FixedWidthInteger & SignedInteger) -> UInt64 {
  UInt64(bitPattern: Int64(truncatingIfNeeded: value))
}

@inline(__always) func signedQuotient(_ a: UInt64, _ b: UInt64) -> UInt64 {
  b == 0 ? 0 : UInt64(bitPattern: signed(a).dividedReportingOverflow(by: signed(b)).partialValue)
}

@inline(__always) func signedRemainder(_ a: UInt64, _ b: UInt64) -> UInt64 {
  b == 0 ? a : UInt64(bitPattern: signed(a).remainderReportingOverflow(dividingBy: signed(b)).partialValue)
}

@inline(__always) func signedQuotient32(_ a: UInt64, _ b: UInt64) -> UInt64 {
  let divisor = signed32(b)
  return divisor == 0
    ? 0 : UInt64(UInt32(bitPattern: signed32(a).dividedReportingOverflow(by: divisor).partialValue))
}

@inline(__always) func signedRemainder32(_ a: UInt64, _ b: UInt64) -> UInt64 {
  let divisor = signed32(b)
  return divisor == 0
    ? low(a) : UInt64(UInt32(bitPattern: signed32(a).remainderReportingOverflow(dividingBy: divisor).partialValue))
}

@inline(__always) func shiftedSigned32(_ a: UInt64, _ b: UInt64) -> UInt64 {
  UInt64(UInt32(bitPattern: signed32(a) &>> Int32(truncatingIfNeeded: b & 31)))
}
