// SPDX-License-Identifier: Apache-2.0
import BTF

/// Reads JSON; what is written of a value reads back as the same value.
@c(LLVMFuzzerTestOneInput) public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let text = String(decoding: UnsafeBufferPointer(start: data, count: size), as: UTF8.self)
  guard let value = try? BTFValue(json: text) else { return 0 }
  guard let again = try? BTFValue(json: value.json), again.json == value.json else {
    fatalError("JSON that does not survive: \(value.json)")
  }
  return 0
}
