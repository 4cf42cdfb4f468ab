// SPDX-License-Identifier: Apache-2.0
import BPFBytecode
import BPFObject
import BTF

/// Relocates instructions of each shape. The input: the length of a first part (4 bytes), the object's types, then the
/// length of a second, the kernel's types, then a `.BTF.ext`.
@c(LLVMFuzzerTestOneInput) public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  var rest = UnsafeBufferPointer(start: data, count: size)[...]
  guard let local = take(&rest), let target = take(&rest), let types = try? BTFTypes(bytes: local),
    let kernel = try? BTFTypes(bytes: target), let records = try? BTFExt(bytes: Array(rest))
  else { return 0 }
  var linker = CORELinker(local: types, target: kernel)
  let shapes: [Instruction] = [
    .init(opcode: Opcode(rawValue: 0xb7), registers: 1, offset: 0, immediate: 0),  // r1 = 0
    .init(opcode: Opcode(rawValue: 0x61), registers: 0x21, offset: 8, immediate: 0),  // r1 = *(u32 *)(r2 + 8)
    .init(opcode: Opcode(rawValue: 0x18), registers: 1, offset: 0, immediate: 0),  // r1 = 0 ll
    .init(opcode: Opcode(rawValue: 0), registers: 0, offset: 0, immediate: 0),
    .init(opcode: Opcode(rawValue: 0x95), registers: 0, offset: 0, immediate: 0),  // exit
  ]
  for record in records.coreRelocations.values.joined().prefix(256) {
    var code = shapes
    for index in -1...shapes.count { _ = try? linker.relocate(&code, [(index, record)], program: "fuzz") }
    guard code.count == shapes.count else { fatalError("the program changed its length") }
  }
  return 0
}

private func take(_ bytes: inout Slice<UnsafeBufferPointer<UInt8>>) -> [UInt8]? {
  guard bytes.count >= 4 else { return nil }
  var count = 0
  for byte in bytes.prefix(4).reversed() { count = count << 8 | Int(byte) }
  bytes = bytes.dropFirst(4)
  guard count <= bytes.count else { return nil }
  defer { bytes = bytes.dropFirst(count) }
  return Array(bytes.prefix(count))
}
