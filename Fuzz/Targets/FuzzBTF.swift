// SPDX-License-Identifier: Apache-2.0
import BTF
import BTFCoding

/// Reads types, walks each, writes a record of it as JSON in both ways, rewrites them for an old kernel, and writes them again.
@c(LLVMFuzzerTestOneInput) public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  guard let types = try? BTFTypes(bytes: bytes) else { return 0 }
  let record = (0..<64).map { UInt8($0 % 5 == 4 ? 0 : 0x41 + $0) }
  var buffer = JSONBuffer()
  var id = types.firstID
  while id < types.endID {
    _ = try? types.type(id)
    _ = try? types.size(of: id)
    _ = try? types.resolved(id)
    let name = types.name(id)
    if !name.isEmpty, let kind = types.kind(id) { _ = types.id(named: name, kind: kind) }
    if let codec = try? BTFCodec(types, id, showsPadding: true), let value = try? codec.decode(record) {
      buffer.removeAll()
      let json = value.json
      guard (try? record.withUnsafeBytes { try RecordJSON(codec).write($0, to: &buffer) }) != nil, buffer.text == json
      else {
        fatalError("type \(id) is \(json) by its codec, \(buffer.text) by its plan")
      }
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
