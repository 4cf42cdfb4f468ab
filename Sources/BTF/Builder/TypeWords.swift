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

  mutating func append(_ record: some Collection<UInt32>) {
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

  /// Places of words in one record: perhaps a single one, and then some at equal distances.
  struct Places: Sequence, IteratorProtocol {
    private var single: Int?
    private var following: Int
    private let stride: Int
    private var left: Int

    init(_ single: Int?, from first: Int = 0, by stride: Int = 1, count: Int = 0) {
      self.single = single
      following = first
      self.stride = stride
      left = count
    }

    @inline(__always)
    mutating func next() -> Int? {
      if let place = single {
        single = nil
        return place
      }
      guard left > 0 else { return nil }
      left -= 1
      defer { following += stride }
      return following
    }
  }

  /// The words of a record that are type ids.
  func typePlaces(_ index: Int) -> Places {
    let start = starts[index]
    let payload = start + 3
    let count = elementCount(index)
    switch kind(index) {
    case .pointer, .typedef, .volatile, .const, .restrict, .function, .variable, .declTag, .typeTag:
      return Places(start + 2)
    case .array: return Places(payload, from: payload + 1, count: 1)
    case .structure, .union: return Places(nil, from: payload + 1, by: 3, count: count)
    case .functionPrototype: return Places(start + 2, from: payload + 1, by: 2, count: count)
    case .dataSection: return Places(nil, from: payload, by: 3, count: count)
    case .int, .enumeration, .enumeration64, .forward, .float, nil: return Places(nil)
    }
  }

  /// The words of a record that are names.
  func namePlaces(_ index: Int) -> Places {
    let start = starts[index]
    switch kind(index) {
    case .structure, .union, .enumeration64: return Places(start, from: start + 3, by: 3, count: elementCount(index))
    case .enumeration, .functionPrototype: return Places(start, from: start + 3, by: 2, count: elementCount(index))
    default: return Places(start)
    }
  }

  /// Replaces each type id of a record.
  mutating func mapTypes(_ index: Int, _ transform: (UInt32) -> UInt32) {
    for place in typePlaces(index) { words[place] = transform(words[place]) }
  }

  /// Replaces each name of a record.
  mutating func mapNames<E: Error>(_ index: Int, _ transform: (UInt32) throws(E) -> UInt32) throws(E) {
    for place in namePlaces(index) { words[place] = try transform(words[place]) }
  }

  // MARK: Comparing records

  /// A hash of a record in which each type id counts as `target` makes it.
  func hash(_ index: Int, _ target: (UInt32) -> UInt32) -> UInt64 {
    var types = typePlaces(index)
    var place = types.next()
    var hash: UInt64 = 0
    for word in range(index) {
      var value = words[word]
      if word == place {
        value = target(value)
        place = types.next()
      }
      hash = NameHash.mix(hash, UInt64(value))
    }
    return hash
  }

  /// Whether two records are equal if each type id counts as `target` makes it.
  func areEqual(_ a: Int, _ b: Int, _ target: (UInt32) -> UInt32) -> Bool {
    let (left, right) = (range(a), range(b))
    guard left.count == right.count, info(a) == info(b) else { return false }
    var types = typePlaces(a)
    var place = types.next()
    let shift = right.lowerBound - left.lowerBound
    for word in left {
      var (x, y) = (words[word], words[word + shift])
      if word == place {
        (x, y) = (target(x), target(y))
        place = types.next()
      }
      if x != y { return false }
    }
    return true
  }
}
