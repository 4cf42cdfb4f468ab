// SPDX-License-Identifier: Apache-2.0
import BPFBytecode

/// Decodes, checks and disassembles; what was decoded encodes to the same bytes.
@c(LLVMFuzzerTestOneInput) public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  guard let instructions = try? Instruction.decode(bytes) else { return 0 }
  guard Instruction.encode(instructions) == bytes else { fatalError("decode and encode disagree") }
  _ = try? instructions.validate()
  _ = instructions.disassembled()
  _ = try? Instruction.decode(bytes, bigEndian: true)
  return 0
}
