// SPDX-License-Identifier: Apache-2.0
import MeropsModel

/// An image before there is memory for it: what it will have, and how many pages that takes.
struct ImagePlan {
  enum Table {
    case search(SearchTable)
    case direct(DirectTable)
  }

  private var ipv4: Table
  private var ipv6: SearchTable
  private let steps: [Step]
  private let ledger: Ledger
  private let generation: UInt64

  /// Whether IPv4 gets the array over its upper 24 bits (64 MB) in place of the search: for large sets whose prefixes have many
  /// lengths. A search's marks and time grow with those; with one or two it takes less time and memory than the array.
  /// `Benchmarks/README.md` has what both cost.
  private static func prefersDirect(_ prefixes: [CompiledRules.Prefix]) -> Bool {
    guard prefixes.count >= 200_000 else { return false }
    return Set(prefixes.lazy.map(\.length)).count > 2
  }

  /// - Parameter direct: whether IPv4 gets the large array; nil for by the size of the set.
  init(
    _ rules: FirewallRules, slots: [UInt32: UInt32], interfaces: [String: UInt32], generation: UInt64,
    direct: Bool? = nil
  ) throws(FirewallError) {
    let compiled = try CompiledRules(rules, slots: slots, interfaces: interfaces)
    ipv4 =
      direct ?? Self.prefersDirect(compiled.ipv4)
      ? .direct(DirectTable(compiled.ipv4, initial: compiled.initial4))
      : .search(SearchTable(compiled.ipv4, initial: compiled.initial4))
    ipv6 = SearchTable(compiled.ipv6, initial: compiled.initial6)
    steps = compiled.steps
    ledger = Ledger(rules: rules, slots: slots)
    self.generation = generation
  }

  private var ipv4Pages: Int {
    switch ipv4 {
    case .search(let table): table.pages
    case .direct(let table): table.pages
    }
  }
  private var stepPages: Int { (steps.count * Step.bytes + ImagePage.bytes - 1) / ImagePage.bytes }
  private var ledgerPages: Int { (ledger.byteCount + ImagePage.bytes - 1) / ImagePage.bytes }

  var pages: Int { 1 + ipv4Pages + ipv6.pages + stepPages + ledgerPages }

  /// What the table of IPv4 is called.
  var tableName: String {
    switch ipv4 {
    case .search: "search"
    case .direct: "direct"
    }
  }

  /// Writes the image into as many pages, which are zero.
  ///
  /// - Returns: false if an entry found no place; the plan has grown then, and another image may have one.
  mutating func write(
    to memory: UnsafeMutableRawPointer, _ random: inout some RandomNumberGenerator
  ) -> Bool {
    let none = SearchHeader(
      factor0: 1, factor1: 1, factor2: 1, initial: 0, buckets: 0, count: 1, isPadding: 0)
    var header = ImageHeader(
      layout: ImageHeader.current, pages: UInt32(pages), generation: generation, ipv4: none, ipv6: none, direct: 0,
      narrowBlocks: 0, wideBlocks: 0, steps: 0, ledger: 0,
      asksForFlows: ledger.rules.asksForFlows ? 1 : 0, ledgerBytes: UInt64(ledger.byteCount))
    var page: UInt32 = 1
    switch ipv4 {
    case .direct(let table): table.write(to: memory, first: page, &header)
    case .search(var table):
      guard let search = table.write(to: memory, buckets: page, &random) else {
        table.growBuckets()
        ipv4 = .search(table)
        return false
      }
      header.ipv4 = search
      memory.write(table.nodes, at: ImageHeader.nodes4)
    }
    page += UInt32(ipv4Pages)
    guard let search = ipv6.write(to: memory, buckets: page, &random) else {
      ipv6.growBuckets()
      return false
    }
    header.ipv6 = search
    memory.write(ipv6.nodes, at: ImageHeader.nodes6)
    page += UInt32(ipv6.pages)
    header.steps = page
    memory.write(steps, at: Int(page) * ImagePage.bytes)
    page += UInt32(stepPages)
    header.ledger = page
    ledger.write(to: memory + Int(page) * ImagePage.bytes)
    memory.storeBytes(of: header, as: ImageHeader.self)
    return true
  }
}

extension UnsafeMutableRawPointer {
  fileprivate func write<Value: BitwiseCopyable>(_ values: [Value], at offset: Int) {
    values.withUnsafeBytes { bytes in
      if let start = bytes.baseAddress { (self + offset).copyMemory(from: start, byteCount: bytes.count) }
    }
  }
}
