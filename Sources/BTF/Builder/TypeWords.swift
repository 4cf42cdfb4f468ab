// SPDX-License-Identifier: Apache-2.0

/// Records of types as 32-bit words in this machine's byte order. All that BTF holds is such words.
struct TypeWords: Sendable {
  private(set) var words: [UInt32] = []
  /// Where each record starts.
  private(set) var starts: [Int] = []

  var count: Int { starts.count }

  /// The words of one record.
  func range(_ index: Int) -> Range<Int> {
    starts[index]..<(index + 1 < starts.count ? starts[index + 1] : words.count)
  }

  subscript(word index: Int) -> UInt32 {
    get { words[index] }
    set { words[index] = newValue }
  }

  func kindNumber(_ index: Int) -> UInt8 { RecordLayout.kind(words[starts[index] + 1]) }
  func kind(_ index: Int) -> BTFKind? { BTFKind(rawValue: kindNumber(index)) }
  func elementCount(_ index: Int) -> Int { RecordLayout.count(words[starts[index] + 1]) }
  func name(_ index: Int) -> UInt32 { words[starts[index]] }
  func info(_ index: Int) -> UInt32 { words[starts[index] + 1] }
  func sizeOrType(_ index: Int) -> UInt32 { words[starts[index] + 2] }

  mutating func append(_ record: [UInt32]) {
    starts.append(words.count)
    words += record
  }

  /// Replaces a record, which may have another length.
  mutating func replace(_ index: Int, with record: [UInt32]) {
    let range = range(index)
    words.replaceSubrange(range, with: record)
    let difference = record.count - range.count
    guard difference != 0 else { return }
    for later in index + 1..<starts.count { starts[later] += difference }
  }

  /// Copies all records of a BTF, without its base's.
  mutating func append(_ types: BTFTypes) {
    let section = types.header.types
    starts.reserveCapacity(starts.count + types.offsets.count)
    words.reserveCapacity(words.count + section.count / 4)
    let first = words.count
    for index in 0..<types.offsets.count { starts.append(first + (types.offsets[index] - section.lowerBound) / 4) }
    for offset in stride(from: section.lowerBound, to: section.upperBound, by: 4) {
      words.append(types.source.word(at: offset))
    }
  }

  // MARK: Fields that refer to types and names

  /// Calls `body` with the place of each word of a record that is a type id.
  func forEachType(_ index: Int, _ body: (_ word: Int) -> Void) {
    let start = starts[index]
    let payload = start + 3
    let count = elementCount(index)
    switch kind(index) {
    case .pointer, .typedef, .volatile, .const, .restrict, .function, .variable, .declTag, .typeTag: body(start + 2)
    case .array:
      body(payload)
      body(payload + 1)
    case .structure, .union: for element in 0..<count { body(payload + 3 * element + 1) }
    case .functionPrototype:
      body(start + 2)
      for element in 0..<count { body(payload + 2 * element + 1) }
    case .dataSection: for element in 0..<count { body(payload + 3 * element) }
    case .int, .enumeration, .enumeration64, .forward, .float, nil: break
    }
  }

  /// Calls `body` with the place of each word of a record that is a name.
  func forEachName(_ index: Int, _ body: (_ word: Int) -> Void) {
    let start = starts[index]
    body(start)
    let stride: Int
    switch kind(index) {
    case .structure, .union, .enumeration64: stride = 3
    case .enumeration, .functionPrototype: stride = 2
    default: return
    }
    for element in 0..<elementCount(index) { body(start + 3 + stride * element) }
  }

  /// Replaces each type id of a record.
  mutating func mapTypes(_ index: Int, _ transform: (UInt32) -> UInt32) {
    var places: [Int] = []
    forEachType(index) { places.append($0) }
    for place in places { words[place] = transform(words[place]) }
  }

  /// Replaces each name of a record.
  mutating func mapNames<E: Error>(_ index: Int, _ transform: (UInt32) throws(E) -> UInt32) throws(E) {
    var places: [Int] = []
    forEachName(index) { places.append($0) }
    for place in places { words[place] = try transform(words[place]) }
  }
}
