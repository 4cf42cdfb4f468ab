// SPDX-License-Identifier: Apache-2.0
import BPFELF

/// Reads a file and everything that it says it holds.
@c(LLVMFuzzerTestOneInput) public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  guard let file = try? ELFFile(bytes: bytes) else { return 0 }
  for section in file.sections {
    _ = file.bytes(of: section).reduce(0, &+)
    _ = try? file.symbols(of: section)
    _ = try? file.relocations(for: section)
    guard file.section(named: section.name) != nil else { fatalError("a section that cannot be found by name") }
  }
  for symbol in file.symbols { _ = file.section(of: symbol) }
  return 0
}
