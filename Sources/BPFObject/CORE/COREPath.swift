// SPDX-License-Identifier: Apache-2.0

internal import BTF

/// What a relocation asks for, found in one BTF: a type, one of its fields (at any depth), or an enumerator.
///
/// `steps` are the turns that carry meaning: named fields and array indices. `raw` are all of them, those through
/// anonymous structs and unions too.
struct COREPath {
  struct Step {
    /// The struct that holds the field, the array's element type, or the enumeration.
    var type: TypeID
    var index: Int
    /// The field's or enumerator's name; nil for an array index.
    var name: String?
  }

  /// The limit of the kernel and libbpf.
  static let maximumDepth = 64

  let view: TypeView
  var root: TypeID
  var steps: [Step] = []
  var raw: [Int] = []
  /// From the start of the root type.
  var bitOffset = 0

  init(_ view: TypeView, root: TypeID) {
    self.view = view
    self.root = root
  }

  /// Reads a record's access string, such as "0:1:2".
  ///
  /// The first number indexes the root as if it were an array; each further one chooses a member or an element. For an
  /// enumerator, the only one is its position.
  init(_ record: CORERecord, in view: TypeView) throws(COREError.Reason) {
    self.init(view, root: record.type)
    _ = try view.type(record.type)
    let access = view.types.string(at: record.access) ?? ""
    let malformed = COREError.Reason.malformedAccess(access)
    if record.kind.isType {
      guard access == "0" else { throw malformed }
      return
    }
    for number in access.split(separator: ":", omittingEmptySubsequences: false) {
      guard let index = Int32(number), index >= 0 else { throw malformed }
      guard raw.count < Self.maximumDepth else { throw .tooComplex }
      raw.append(Int(index))
    }
    var (id, type) = try view.resolved(record.type)
    let first = raw[0]
    if record.kind.isEnumValue {
      guard raw.count == 1, let values = type.enumeration?.values, first < values.count else { throw malformed }
      steps.append(Step(type: id, index: first, name: values[first].name))
      return
    }
    steps.append(Step(type: id, index: first))
    try advance(by: first, elements: id)
    for index in raw.dropFirst() {
      if let members = type.composite?.members {
        guard index < members.count else { throw malformed }
        bitOffset += members[index].bitOffset
        if !members[index].name.isEmpty { steps.append(Step(type: id, index: index, name: members[index].name)) }
        (id, type) = try view.resolved(members[index].type)
      } else if case .array(let array) = type {
        guard try lastArray(array, has: index) else { throw malformed }
        (id, type) = try view.resolved(array.element)
        steps.append(Step(type: id, index: index))
        try advance(by: index, elements: id)
      } else {
        throw malformed
      }
    }
  }

  /// Adds the size of `count` values of a type.
  mutating func advance(by count: Int, elements id: TypeID) throws(COREError.Reason) {
    let bits = count.multipliedReportingOverflow(by: try view.size(of: id) * 8)
    let sum = bitOffset.addingReportingOverflow(bits.partialValue)
    guard !bits.overflow, !sum.overflow, sum.partialValue <= Int(UInt32.max) else { throw .tooComplex }
    bitOffset = sum.partialValue
  }

  /// Whether the array reached last has an element. A flexible one, without size and the last field of its struct, has
  /// any.
  func lastArray(_ array: BTFArray, has index: Int) throws(COREError.Reason) -> Bool {
    if index < array.count { return true }
    guard array.count == 0, let step = steps.last, step.name != nil else { return false }
    return try view.type(step.type).composite?.members.count == step.index + 1
  }

  /// As C would write it: `task_struct.signal`, `sk_buff.cb[2]`, `bpf_func_id::BPF_FUNC_tail_call`.
  var text: String {
    let name = view.types.name(root)
    var text = name.isEmpty ? "type \(root)" : name
    // Only an enumerator's path begins with a name.
    if let enumerator = steps.first?.name { return text + "::" + enumerator }
    for (position, step) in steps.enumerated() {
      if let name = step.name {
        text += "." + name
      } else if position > 0 || step.index > 0 {
        text += "[\(step.index)]"
      }
    }
    return text
  }
}
