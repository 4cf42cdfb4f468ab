// SPDX-License-Identifier: Apache-2.0

import MeropsModel

extension Condition {
  /// All fields that it names.
  public var places: [Operand.Place] {
    switch self {
    case .constant: []
    case .field(let place), .has(let place), .addresses(let place, _): [place]
    case .not(let condition), .ancestors(_, let condition): condition.places
    case .all(let conditions), .any(let conditions): conditions.flatMap(\.places)
    case .numbers(_, let left, let right): left.places + right.places
    case .numberIsIn(let number, _): number.places
    case .texts(_, let left, let right): left.places + right.places
    case .text(_, let operand), .textIsIn(let operand, _): operand.places
    case .items(_, let place, let condition): [place] + condition.places
    }
  }
}

extension Operand {
  fileprivate var places: [Place] {
    switch self {
    case .field(let place), .element(let place, _), .joined(let place, _): [place]
    case .lowered(let operand): operand.places
    case .literal, .item: []
    }
  }
}

extension Number {
  fileprivate var places: [Operand.Place] {
    switch self {
    case .literal: []
    case .field(let place), .count(let place): [place]
    case .arithmetic(_, let left, let right, _): left.places + right.places
    case .negated(let number): number.places
    }
  }
}
