// SPDX-License-Identifier: Apache-2.0

internal import BPFObject
internal import BTF

// C structures by the names of their fields, laid out as the program sees them: as in the kernel types that it is
// relocated against, or as in the object's own.
extension Interpreter {
  /// The bytes of a C structure; fields that are not named are zero.
  ///
  ///     try interpreter.structure("bpf_sock_addr", ["user_port": 53, "user_family": 2])
  ///
  /// - Parameters:
  ///   - name: of a struct or union.
  ///   - fields: by name; `a.b` is a field of a field.
  /// - Throws: ``InterpreterError`` of code `notFound` for a type or field that is not there, `sizeMismatch` for a value
  ///   that does not fit.
  public func structure(
    _ name: String, _ fields: KeyValuePairs<String, FieldValue>
  ) throws(InterpreterError) -> [UInt8] {
    guard let types = options.kernelTypes ?? object?.types else {
      throw InterpreterError(.notFound, "the object has no type information to lay out \(name) by")
    }
    let all = types.ids(named: name) + types.ids(essentialName: name)
    guard let id = all.first(where: { types.kind($0) == .structure || types.kind($0) == .union }) else {
      throw InterpreterError(.notFound, "the object has no struct or union \(name)")
    }
    var bytes: [UInt8] = []
    do throws(BTFError) {
      bytes = [UInt8](repeating: 0, count: try types.size(of: id))
    } catch {
      throw InterpreterError(.invalidProgram, "laying out \(name): \(error)")
    }
    for (path, value) in fields {
      guard let place = try? place(of: path, in: id, types) else {
        throw InterpreterError(.notFound, "\(name) has no field \(path)")
      }
      guard set(&bytes, place, value) else {
        throw InterpreterError(.sizeMismatch, "\(value) does not fit in field \(path) of \(name)")
      }
    }
    return bytes
  }

  /// Places a C structure and returns its address.
  ///
  ///     let parent = try interpreter.place(structure: "task_struct", ["tgid": 1])
  ///     interpreter.environment.currentTask = try interpreter.place(
  ///       structure: "task_struct", ["tgid": 4711, "real_parent": FieldValue(parent)])
  @discardableResult
  public func place(
    structure name: String, _ fields: KeyValuePairs<String, FieldValue>
  ) throws(InterpreterError) -> UInt64 {
    try place(structure(name, fields), named: "struct \(name)")
  }

  /// Where a field is, in bits.
  private struct FieldPlace {
    var bitOffset: Int
    var bitSize: Int
  }

  private func place(of path: String, in id: TypeID, _ types: BTFTypes) throws(BTFError) -> FieldPlace? {
    var place = FieldPlace(bitOffset: 0, bitSize: 0)
    var type = id
    for part in path.split(separator: ".") {
      guard let found = try types.member(named: String(part), in: type) else { return nil }
      place.bitOffset += found.bitOffset
      type = found.member.type
      place.bitSize = found.member.isBitField ? found.member.bitSize : try types.size(of: type) * 8
    }
    return place.bitSize == 0 && path.isEmpty ? nil : place
  }

  /// Sets a field; false if the value does not fit.
  private func set(_ bytes: inout [UInt8], _ place: FieldPlace, _ value: FieldValue) -> Bool {
    let content: [UInt8]
    switch value {
    case .number(let number):
      guard place.bitSize <= 64, place.bitOffset + place.bitSize <= bytes.count * 8 else { return false }
      let isSigned = number >> 63 == 1
      guard
        place.bitSize == 64 || number >> UInt64(place.bitSize) == (isSigned ? UInt64.max >> UInt64(place.bitSize) : 0)
      else { return false }
      for bit in 0..<place.bitSize {
        let target = place.bitOffset + bit
        let mask = UInt8(1) << UInt8(target % 8)
        if number >> UInt64(bit) & 1 == 1 { bytes[target / 8] |= mask } else { bytes[target / 8] &= ~mask }
      }
      return true
    case .text(let text): content = Array(text.utf8) + [0]
    case .bytes(let bytes): content = bytes
    }
    let start = place.bitOffset / 8
    guard place.bitOffset % 8 == 0, content.count * 8 <= place.bitSize, start + content.count <= bytes.count else {
      return false
    }
    bytes.replaceSubrange(start..<start + content.count, with: content)
    return true
  }
}
