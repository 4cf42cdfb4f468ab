// SPDX-License-Identifier: Apache-2.0
import BPFBytecode
import BPFObject

/// Opens an object and links each of its programs.
@c(LLVMFuzzerTestOneInput) public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  guard let object = try? ObjectSpec(bytes: bytes, name: "fuzz") else { return 0 }
  for program in object.programs {
    guard let linked = try? program.linked() else { continue }
    let count = linked.instructions.count
    for reference in linked.references {
      guard (0..<count).contains(reference.instruction) else { fatalError("a reference outside the program") }
      switch reference.target {
      case .map(let index), .mapValue(let index, offset: _):
        guard object.maps.indices.contains(index) else { fatalError("a map that is not there") }
      case .extern(let index):
        guard object.externs.indices.contains(index) else { fatalError("an extern that is not there") }
      default: break
      }
    }
    for relocation in linked.core {
      guard (0..<count).contains(relocation.instruction) else { fatalError("a relocation outside the program") }
    }
    _ = linked.instructions.disassembled()
  }
  return 0
}
