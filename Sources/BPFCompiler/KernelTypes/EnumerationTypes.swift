// SPDX-License-Identifier: Apache-2.0

import BTF

/// An enumeration that the probe names, for its values on the kernel that it will run on.
struct NamedEnumeration: Hashable, Sendable {
  /// In Swift.
  var name: String
  /// In the kernel.
  var type: String
  var scalar: KernelScalar
  /// Values whose number is asked for.
  var values: [String]
  /// Values whose existence is asked for.
  var existences: [String]
  var asksIsPresent: Bool
}

/// An enumerator that the probe names without its enumeration: a constant, as in C.
struct EnumerationConstant: Hashable, Sendable {
  var name: String
  var scalar: KernelScalar
  var value: String
}

extension TypeCollector {
  mutating func collectEnumerations() throws {
    for name in names.candidates where !reserved.contains(name) {
      guard kernel.composite(named: name) == nil, let enumeration = try kernel.enumeration(named: name) else {
        continue
      }
      add(enumeration)
    }
    try collectConstants()
  }

  private mutating func add(_ enumeration: BTFEnumeration) {
    let scalar = noted(
      KernelScalar(bytes: enumeration.size, isSigned: enumeration.isSigned, enumeration: enumeration.name))
    func asked(_ what: String) -> [String] {
      names.paths.keys.filter { $0.count == 3 && $0[0] == enumeration.name && $0[1] == what }.map { $0[2] }.sorted()
    }
    let named = NamedEnumeration(
      name: viewName(enumeration.name), type: enumeration.name, scalar: scalar, values: asked("value"),
      existences: asked("exists"), asksIsPresent: names.paths[[enumeration.name, "isPresent"]] != nil)
    for value in Set(named.values + named.existences) {
      // A value that this kernel lacks may be there on the one that the probe is loaded on.
      let known = enumeration.values.first { $0.name == value }.map { Self.literal($0, isSigned: enumeration.isSigned) }
      result.local.add(value: LocalEnumeration.Value(name: value, value: known ?? "0"), to: enumeration.name)
    }
    result.enumerations.append(named)
  }

  /// Words that no struct or enumeration has: enumerators, if they look like it.
  private mutating func collectConstants() throws {
    let wanted = Set(names.candidates.filter { !reserved.contains($0) && Self.looksLikeConstant($0) })
    for (name, id) in kernel.types.enumerators(named: wanted).sorted(by: { $0.key < $1.key }) {
      guard case .enumeration(let enumeration) = try kernel.types.type(id), let scalar = try kernel.scalar(id),
        let value = enumeration.values.first(where: { $0.name == name })
      else { continue }
      result.constants.append(
        EnumerationConstant(name: name, scalar: scalar, value: Self.literal(value, isSigned: scalar.isSigned)))
    }
  }

  private static func looksLikeConstant(_ name: String) -> Bool {
    guard name.utf8.count > 2, let first = name.utf8.first else { return false }
    return (first == UInt8(ascii: "_") || (first >= UInt8(ascii: "A") && first <= UInt8(ascii: "Z")))
      && (name.contains("_") || !name.utf8.contains { $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") })
  }

  private static func literal(_ value: BTFEnumeration.Value, isSigned: Bool) -> String {
    isSigned ? "\(value.signed)" : "\(value.unsigned)"
  }
}
