// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

extension EventExpression {
  /// Fields whose value has to be one of some for the answer to be yes: what an index can look for before the whole
  /// expression is asked. A field that may have any value is not there.
  public var necessaryValues: [Field: Set<Value>] { condition.necessaryValues }
}

extension Condition {
  fileprivate var necessaryValues: [Field: Set<Value>] {
    switch self {
    case .all(let conditions):
      conditions.reduce(into: [:]) { values, condition in
        values.merge(condition.necessaryValues) { $0.intersection($1) }
      }
    case .any(let conditions): Self.alternatives(conditions)
    case .texts(.equal, .field(let place), .literal(let bytes)), .texts(.equal, .literal(let bytes), .field(let place)):
      Self.one(place, [.text(Text(bytes))])
    case .textIsIn(.field(let place), let texts): Self.one(place, Set(texts.map { .text(Text($0)) }))
    case .numbers(.equal, .field(let place), .literal(let number)),
      .numbers(.equal, .literal(let number), .field(let place)):
      Self.one(place, Self.value(number, of: place.field))
    case .numberIsIn(.field(let place), let numbers):
      Self.one(place, numbers.reduce(into: []) { $0.formUnion(Self.value($1, of: place.field)) })
    default: [:]
    }
  }

  /// Only what each of them needs.
  private static func alternatives(_ conditions: [Condition]) -> [Field: Set<Value>] {
    guard var values = conditions.first?.necessaryValues else { return [:] }
    for condition in conditions.dropFirst() {
      let other = condition.necessaryValues
      values = values.reduce(into: [:]) { result, entry in
        if let more = other[entry.key] { result[entry.key] = entry.value.union(more) }
      }
    }
    return values
  }

  private static func one(_ place: Operand.Place, _ values: Set<Value>) -> [Field: Set<Value>] {
    place.scope == .event ? [place.field: values] : [:]
  }

  /// A field has no value that is not of its type.
  private static func value(_ number: Number.Literal, of field: Field) -> Set<Value> {
    switch (field.type, number.isSigned) {
    case (.uint, false): [.uint(number.bits)]
    case (.int, true): [.int(Int64(bitPattern: number.bits))]
    case (.int, false): Int64(exactly: number.bits).map { [.int($0)] } ?? []
    default: []
    }
  }
}
