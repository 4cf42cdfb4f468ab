// SPDX-License-Identifier: Apache-2.0
import BTF
import BTFText

/// Reads types, prints them as C, as Swift and as JSON, and compares them with themselves.
@c(LLVMFuzzerTestOneInput) public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  guard let types = try? BTFTypes(bytes: Array(UnsafeBufferPointer(start: data, count: size))) else { return 0 }
  _ = try? CPrinter(types).header()
  _ = try? SwiftPrinter(types).definitions(of: Array(types.ids))
  _ = try? BTFJSON(types).text()
  if let difference = try? BTFDiff(from: types, to: types) {
    guard difference.isEmpty else { fatalError("types differ from themselves: \(difference)") }
  }
  return 0
}
