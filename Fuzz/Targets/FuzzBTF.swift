// SPDX-License-Identifier: Apache-2.0
import BTF
import BTFCoding

/// Reads types, walks each, rewrites them for an old kernel, and writes them again.
@c(LLVMFuzzerTestOneInput) public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  guard let types = try? BTFTypes(bytes: bytes) else { return 0 }
  var id = types.firstID
  while id < types.endID {
    _ = try? types.type(id)
    _ = try? types.size(of: id)
    _ = try? types.resolved(id)
    let name = types.name(id)
    if !name.isEmpty, let kind = types.kind(id) { _ = types.id(named: name, kind: kind) }
    if let codec = try? BTFCodec(types, id), let value = try? codec.decode([UInt8](repeating: 0x41, count: 64)) {
      _ = value.json
    }
    id = TypeID(rawValue: id.rawValue + 1)
  }
  if let old = try? BTFSanitizer(accepting: BTFFeatures(kernel: 5, 10)).sanitized(types) {
    guard (try? BTFTypes(bytes: old)) != nil else { fatalError("what was rewritten cannot be read") }
  }
  var builder = BTFBuilder(copying: types)
  if (try? builder.deduplicate()) != nil, case let merged = builder.encode() {
    guard (try? BTFTypes(bytes: merged)) != nil else { fatalError("what was merged cannot be read") }
  }
  return 0
}
