// SPDX-License-Identifier: Apache-2.0
import MeropsModel

/// Rules as prefixes, each with the word that is found for its addresses.
struct CompiledRules {
  /// A prefix. Ascending by key, shorter ones first.
  struct Prefix {
    /// The address, first byte highest; of IPv4 in the upper 32 bits.
    var upper: UInt64
    var lower: UInt64
    var length: UInt8
    var word: UInt32
  }

  var ipv4: [Prefix] = []
  var ipv6: [Prefix] = []
  /// The word of addresses without a prefix.
  var initial4: UInt32 = 0
  var initial6: UInt32 = 0
  var steps: [Step] = []

  /// - Parameters:
  ///   - slots: those of the counters, by the rules' numbers.
  ///   - interfaces: the kernel's numbers of them, by name; a rule for another one meets nothing.
  /// - Throws: ``FirewallError`` where too many conditional rules cover each other.
  init(_ rules: FirewallRules, slots: [UInt32: UInt32], interfaces: [String: UInt32]) throws(FirewallError) {
    var compiler = Compiler(rules: rules.rules, slots: slots, interfaces: interfaces)
    let word: UInt32 = rules.defaultAction == .drop ? Word.drop | Slot.noneDropped : Slot.none
    (ipv4, initial4) = try compiler.prefixes(isIPv4: true, rules.defaultAction, word)
    (ipv6, initial6) = try compiler.prefixes(isIPv4: false, rules.defaultAction, word)
    steps = compiler.steps
  }
}

private struct Compiler {
  let rules: [PacketRule]
  let words: [UInt32]
  let isPlain: [Bool]
  let interfaces: [String: UInt32]
  var steps: [Step] = []
  private var known: [StepKey: UInt32] = [:]
  /// What begins at each step.
  private var chains: [Chain] = []

  /// Rules with conditions, of which the last is asked first, and the word behind them.
  private struct Chain {
    var rules: [Int]
    var last: UInt32
  }

  private struct StepKey: Hashable {
    var rule: Int
    var next: UInt32
  }

  private struct Source {
    var block: AddressBlock
    var rule: Int
  }

  init(rules: [PacketRule], slots: [UInt32: UInt32], interfaces: [String: UInt32]) {
    (self.rules, self.interfaces) = (rules, interfaces)
    words = rules.map { (slots[$0.id] ?? Slot.none) | ($0.action == .drop ? Word.drop : 0) }
    isPlain = rules.map(\.isPlain)
  }

  mutating func prefixes(
    isIPv4: Bool, _ defaultAction: PacketRule.Action, _ defaultWord: UInt32
  ) throws(FirewallError) -> ([CompiledRules.Prefix], UInt32) {
    let sources = sources(isIPv4: isIPv4)
    var result: [CompiledRules.Prefix] = []
    result.reserveCapacity(sources.count)
    var initial = defaultWord
    let offset = isIPv4 ? 96 : 0
    // The prefixes that cover the one at hand.
    var cover: [(last: UInt128, word: UInt32)] = []
    var index = 0
    while index < sources.count {
      let block = sources[index].block
      let bits = block.base.bits
      while let top = cover.last, top.last < bits { cover.removeLast() }
      let outer = cover.last?.word ?? initial
      var end = index + 1
      while end < sources.count, sources[end].block == block { end += 1 }
      let word =
        end == index + 1 && isPlain[sources[index].rule]
        ? words[sources[index].rule] : try self.word(sources[index..<end].map(\.rule), outer: outer)
      index = end
      let length = block.prefix - offset
      if length == 0 {
        initial = word
        continue
      }
      let last = bits | (block.prefix == 128 ? 0 : UInt128.max >> UInt128(block.prefix))
      cover.append((last, word))
      result.append(
        CompiledRules.Prefix(
          upper: isIPv4 ? UInt64(truncatingIfNeeded: bits) << 32 : UInt64(truncatingIfNeeded: bits >> 64),
          lower: isIPv4 ? 0 : UInt64(truncatingIfNeeded: bits), length: UInt8(length), word: word))
    }
    return (result, initial)
  }

  /// The sources of one family, ascending.
  private func sources(isIPv4: Bool) -> [Source] {
    // The longest list is merged with all others: few rules beside a million addresses are no reason to sort those.
    let longest = rules.indices.max { rules[$0].sources.count < rules[$1].sources.count }
    var others: [Source] = []
    for (number, rule) in rules.enumerated() where number != longest {
      for block in rule.sources where block.isIPv4 == isIPv4 { others.append(Source(block: block, rule: number)) }
    }
    others.sort { $0.block < $1.block }
    guard let longest else { return others }
    var result: [Source] = []
    result.reserveCapacity(others.count + rules[longest].sources.count)
    var next = 0
    for block in rules[longest].sources where block.isIPv4 == isIPv4 {
      while next < others.count, others[next].block < block {
        result.append(others[next])
        next += 1
      }
      result.append(Source(block: block, rule: longest))
    }
    return result + others[next...]
  }

  /// What is found where several rules have one prefix, or one has conditions.
  private mutating func word(_ all: [Int], outer: UInt32) throws(FirewallError) -> UInt32 {
    // The last one is asked first: those that drop, and of these the plain ones.
    let order = all.sorted { left, right in
      let (a, b) = (rules[left], rules[right])
      if a.action != b.action { return a.action == .pass }
      if isPlain[left] != isPlain[right] { return isPlain[right] }
      return a.id > b.id
    }
    var chain = outer & Word.step == 0 ? Chain(rules: [], last: outer) : chains[Int(outer & Word.stepMask)]
    for rule in order {
      if isPlain[rule] {
        chain = Chain(rules: [], last: words[rule])
      } else {
        // A rule that does not meet the packet here does not meet it further on either.
        chain.rules.removeAll { $0 == rule }
        chain.rules.append(rule)
      }
    }
    guard chain.rules.count <= Step.limit else {
      throw FirewallError(
        .invalid,
        "More than \(Step.limit) rules with a time, an interface or other conditions cover the same addresses: "
          + "rule \(rules[chain.rules[Step.limit]].id) is one too many. Remove one of them, or add it without conditions."
      )
    }
    var word = chain.last
    for index in chain.rules.indices {
      word = try step(chain.rules[index], next: word, Chain(rules: Array(chain.rules[...index]), last: chain.last))
    }
    return word
  }

  private mutating func step(_ number: Int, next: UInt32, _ chain: Chain) throws(FirewallError) -> UInt32 {
    let key = StepKey(rule: number, next: next)
    if let word = known[key] { return word }
    guard steps.count <= Int(Word.stepMask) else {
      throw FirewallError(
        .invalid, "There are too many rules with conditions: \(steps.count) are as many as there can be.")
    }
    let word = Word.step | UInt32(steps.count)
    steps.append(Step(rules[number], word: words[number], next: next, interfaces))
    chains.append(chain)
    known[key] = word
    return word
  }
}

extension Step {
  fileprivate init(_ rule: PacketRule, word: UInt32, next: UInt32, _ interfaces: [String: UInt32]) {
    let conditions = rule.conditions
    var tests: UInt8 = 0
    if conditions.transport != nil { tests |= StepTest.transport }
    if conditions.sourcePorts != nil { tests |= StepTest.sourcePort }
    if conditions.ports != nil { tests |= StepTest.port }
    if conditions.flags != nil { tests |= StepTest.flags }
    if conditions.icmpType != nil { tests |= StepTest.icmpType }
    if conditions.rate != nil { tests |= StepTest.rate }
    if let state = conditions.state { tests |= state == .new ? StepTest.isNew : StepTest.isKnown }
    let interval = conditions.rate.map { 1_000_000_000 / UInt64($0.packets) } ?? 0
    self.init(
      end: rule.end ?? 0, next: next, word: word,
      interface: rule.interface.map { interfaces[$0] ?? .max } ?? 0,
      firstSourcePort: conditions.sourcePorts?.lowerBound ?? 0, lastSourcePort: conditions.sourcePorts?.upperBound ?? 0,
      firstPort: conditions.ports?.lowerBound ?? 0, lastPort: conditions.ports?.upperBound ?? 0, tests: tests,
      transport: conditions.transport ?? 0, flagMask: conditions.flags?.mask ?? 0,
      flags: (conditions.flags?.set ?? 0) & (conditions.flags?.mask ?? 0), icmpType: conditions.icmpType ?? 0,
      isPadding0: 0, isPadding1: 0,
      interval: interval, tolerance: interval * UInt64(conditions.rate?.burst ?? 0), isPadding2: 0)
  }
}
