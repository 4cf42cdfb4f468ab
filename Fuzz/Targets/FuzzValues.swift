// SPDX-License-Identifier: Apache-2.0
import BTF
import BTFCoding

/// Reads JSON, which is written as the same value again; writes text into a structure of every kind of member, and reads
/// the input as such a structure.
@c(LLVMFuzzerTestOneInput) public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let input = UnsafeBufferPointer(start: data, count: size)
  let text = String(decoding: input, as: UTF8.self)
  if let value = try? BTFValue(json: text) {
    guard let again = try? BTFValue(json: value.json), again.json == value.json else {
      fatalError("JSON that does not survive: \(value.json)")
    }
    check(try? codec.encode(value))
  }
  check(try? codec.encode(text: text))
  if size >= codec.size { check(Array(input.prefix(codec.size))) }
  return 0
}

/// What is read of bytes is written as the same bytes again, and the plan of the type writes the same JSON.
private func check(_ bytes: [UInt8]?) {
  guard let bytes else { return }
  guard bytes.count == codec.size, let value = try? codec.decode(bytes),
    let json = try? BTFValue(json: value.json)
  else {
    fatalError("bytes that cannot be read: \(bytes)")
  }
  for value in [value, json] {
    guard (try? codec.encode(value)) == bytes else { fatalError("\(bytes) are not what \(value.json) says") }
  }
  var buffer = JSONBuffer()
  guard (try? bytes.withUnsafeBytes { try plan.write($0, to: &buffer) }) != nil, buffer.text == value.json else {
    fatalError("\(value.json) by its codec is \(buffer.text) by its plan")
  }
}

private let plan = RecordJSON(codec)

private let codec: BTFCodec = {
  let types: [BTFType] = [
    .int(BTFInteger(name: "int", size: 4, encoding: .signed)),
    .int(BTFInteger(name: "unsigned long", size: 8)),
    .int(BTFInteger(name: "char", size: 1, encoding: .char)),
    .int(BTFInteger(name: "_Bool", size: 1, encoding: .bool)),
    .int(BTFInteger(name: "__int128", size: 16, encoding: .signed)),
    .array(BTFArray(element: 3, index: 1, count: 8)),
    .enumeration(
      BTFEnumeration(
        name: "sign", size: 4, isSigned: true,
        values: [.init(name: "MINUS", signed: -1), .init(name: "PLUS", signed: 1)])),
    .pointer(1),
    .union(
      BTFComposite(
        name: "", size: 8,
        members: [.init(name: "number", type: 2, bitOffset: 0), .init(name: "text", type: 6, bitOffset: 0)])),
    .float(name: "double", size: 8),
    .structure(
      BTFComposite(
        name: "pair", size: 8,
        members: [.init(name: "a", type: 1, bitOffset: 0), .init(name: "b", type: 7, bitOffset: 32)])),
    .array(BTFArray(element: 11, index: 1, count: 2)),
    .structure(
      BTFComposite(
        name: "all", size: 88,
        members: [
          .init(name: "a", type: 1, bitOffset: 0), .init(name: "low", type: 1, bitOffset: 32, bitSize: 3),
          .init(name: "high", type: 1, bitOffset: 35, bitSize: 28), .init(name: "flag", type: 4, bitOffset: 64),
          .init(name: "letter", type: 3, bitOffset: 72), .init(name: "wide", type: 5, bitOffset: 128),
          .init(name: "name", type: 6, bitOffset: 256), .init(name: "pointer", type: 8, bitOffset: 320),
          .init(name: "", type: 9, bitOffset: 384), .init(name: "real", type: 10, bitOffset: 448),
          .init(name: "pairs", type: 12, bitOffset: 512), .init(name: "sign", type: 7, bitOffset: 640),
        ])),
  ]
  var builder = BTFBuilder()
  do {
    for type in types { _ = try builder.add(type) }
    return try BTFCodec(BTFTypes(bytes: builder.encode()), TypeID(UInt32(types.count)), showsPadding: true)
  } catch { fatalError("\(error)") }
}()
