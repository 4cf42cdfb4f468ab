// SPDX-License-Identifier: Apache-2.0

import Glibc
import MeropsModel
import Testing

struct SchemaTests {
  @Test func eachFieldHasItsOwnName() {
    #expect(Set(Field.allCases.map(\.name)).count == Field.allCases.count)
    for field in Field.allCases {
      #expect(Field(name: field.name) == field)
      #expect(field.definition.summary.hasSuffix("."))
    }
  }

  @Test func eachKindHasItsOwnName() {
    #expect(Set(EventKind.allCases.map(\.name)).count == EventKind.allCases.count)
    for kind in EventKind.allCases { #expect(EventKind(name: kind.name) == kind) }
    #expect(EventKind(name: "process.dance") == nil)
  }
}

struct FactsTests {
  @Test(arguments: [
    (Field.processID, Value.uint(.max)), (.exitCode, .int(-1)), (.processExecutableIsDeleted, .bool(true)),
    (.processName, .text("sh")), (.processName, .text(Text([0xff, 0x00, 0x80], isCut: true))),
    (.processName, .text("")),
    (.processArguments, .texts(["ls", "", "-l"])), (.processArguments, .texts([])),
  ])
  func valuesComeBack(_ field: Field, _ value: Value) {
    var facts = Facts()
    facts.append(.processStart, UInt64(1))
    facts.append(field, value)
    #expect(facts[field] == value)
    #expect(Facts(packed: facts.bytes)[.processStart] == .uint(1))
    #expect(facts[.processSession] == nil)
  }

  @Test func textOverSixtyFourKilobytesIsCut() {
    var facts = Facts()
    facts.append(.processName, .text(Text(Array(repeating: 0x61, count: 70_000))))
    guard case .text(let text) = facts[.processName] else {
      Issue.record("no text")
      return
    }
    #expect(text.isCut && text.bytes.count == 65_535)
  }

  @Test func damagedBytesEndTheList() {
    var facts = Facts()
    facts.append(.processID, UInt64(7))
    facts.append(.processName, .text("sh"))
    for count in 0..<facts.bytes.count {
      let cut = Facts(packed: Array(facts.bytes.prefix(count)))
      #expect(cut[.processID] == (count >= 5 ? .uint(7) : nil))
      #expect(cut[.processName] == nil)
    }
    #expect(Facts(packed: [200, 0, 255, 255, 1]).bytes.count == 5)
    Facts(packed: [200, 0, 255, 255, 1]).forEach { _, _, _ in Issue.record("an entry beyond the end") }
  }
}

struct EventTests {
  private func process(_ pid: UInt32, parent: Process? = nil) -> Process {
    Process(key: ProcessKey(start: UInt64(pid), pid: pid), generation: 0, parent: parent, facts: Facts())
  }

  @Test func batchesKeepEventsAndTheirProcesses() {
    var builder = EventBatchBuilder()
    let (first, second) = (process(1), process(2))
    for number in 0..<10 {
      var facts = Facts()
      facts.append(.exitCode, Int64(number))
      builder.append(
        .processExit, id: EventID(rawValue: UInt64(number)), time: 5, by: number % 3 == 0 ? first : second, facts)
    }
    let batch = builder.finish()
    #expect(builder.isEmpty && batch.count == 10)
    for (number, event) in batch.enumerated() {
      #expect(event.id.rawValue == UInt64(number) && event[.exitCode] == .int(Int64(number)))
      #expect(event.process === (number % 3 == 0 ? first : second))
      #expect(event[.eventKind] == .text("process.exit") && event[.eventTime] == .uint(5))
    }
  }

  @Test(arguments: [0, 1, 31, 32, UInt64.max, 0x0123_4567_89ab_cdef])
  func idsAreTextThatSortsAsNumbersDo(_ number: UInt64) throws {
    let id = EventID(rawValue: number)
    #expect(EventID(id.description) == id)
    #expect(EventID(id.description.lowercased()) == id)
    #expect(number == .max || id.description < EventID(rawValue: number + 1).description)
  }

  @Test(arguments: ["", "0", "ZZZZZZZZZZZZZ", "000000000000U", "00000000000000"])
  func otherTextIsNotAnID(_ text: String) { #expect(EventID(text) == nil) }

  /// A store's numbers are signed: no clock makes an id, or one that follows, negative.
  @Test func idsAscendWithTime() {
    let time: UInt64 = 1_790_000_000_123_456_789
    #expect(EventID.first(at: time).rawValue == 1_790_000_000_123_456 << 12)
    #expect(EventID.first(at: time) < .first(at: time + 1000) && EventID.first(at: time) == .first(at: time + 200))
    #expect(EventID.first(at: .max).rawValue < UInt64(Int64.max) - 1 << 57)
    let last = EventID(rawValue: EventID.first(at: time).rawValue + EventID.perMicrosecond - 1)
    #expect(last.farNext.rawValue - last.rawValue > EventID.perMicrosecond)
  }

  @Test func aChainOfProcessesDoesNotGrowForEver() {
    var last = process(1)
    for pid in 2..<10_000 { last = process(UInt32(pid), parent: last) }
    let ancestors = last.ancestors.map(\.key.pid)
    #expect((Process.ancestorLimit...2 * Process.ancestorLimit).contains(ancestors.count))
    #expect(ancestors.prefix(3) == [9998, 9997, 9996])
  }
}

struct AddressTests {
  /// The C library's answer.
  private func parsed(_ text: String) -> UInt128? {
    var bytes = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET6, text, &bytes) == 1 { return bytes.reduce(0) { $0 << 8 | UInt128($1) } }
    if inet_pton(AF_INET, text, &bytes) == 1 { return bytes.prefix(4).reduce(0xffff) { $0 << 8 | UInt128($1) } }
    return nil
  }

  @Test(arguments: [
    "1.2.3.4", "255.255.255.255", "0.0.0.0", "256.1.1.1", "01.2.3.4", "1.2.3", "1.2.3.4.5", "1.2.3.4 ", "", ":", "::",
    "::1", "1::",
    ":::", "1::2::3", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9",
    "12345::",
    "g::", "::ffff:1.2.3.4", "::1.2.3.4", "1.2.3.4::", "::1.2.3", "2001:db8::", ":1", "1:", "1:2:3:4:5:6:1.2.3.4",
    "fe80::1%eth0",
    "1:2:3:4:5:6:7:1.2.3.4", "+1::", "0x1::", "1..2.3", "::ffff:0:0",
  ])
  func textIsReadAsTheCLibraryReadsIt(_ text: String) { #expect(Address(text)?.bits == parsed(text)) }

  @Test func addressesAreWrittenByRFC5952() {
    var state: UInt64 = 1
    for round in 0..<2000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      // Words of zeros in all places.
      let words = (0..<8).map {
        (state >> (20 + $0)) & 1 == 0 ? 0 : UInt16(truncatingIfNeeded: state >> (8 * ($0 % 4)))
      }
      let address = Address(
        bits: round % 10 == 0
          ? 0xffff_0000_0000 | UInt128(UInt32(truncatingIfNeeded: state)) : words.reduce(0) { $0 << 16 | UInt128($1) })
      var bytes = (0..<16).map { UInt8(truncatingIfNeeded: address.bits >> (120 - 8 * $0)) }
      var text = [CChar](repeating: 0, count: 64)
      if address.isIPv4 { bytes = Array(bytes[12...]) }
      inet_ntop(address.isIPv4 ? AF_INET : AF_INET6, &bytes, &text, 64)
      let expected = text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
      // The C library writes addresses below 2^32 with dots, too.
      if !expected.contains(".") || address.isIPv4 { #expect(address.description == expected) }
      #expect(Address(address.description) == address)
    }
  }

  @Test(arguments: [
    ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.0.0.0/8", "::ffff:10.1.1.1", true),
    ("0.0.0.0/0", "1.2.3.4", true), ("0.0.0.0/0", "2001:db8::1", false), ("::/0", "1.2.3.4", true),
    ("2001:db8::/32", "2001:db8:1::", true),
    ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.8", false),
  ])
  func blocksContain(_ block: String, _ address: String, _ contains: Bool) throws {
    #expect(try #require(AddressBlock(block)).contains(try #require(Address(address))) == contains)
  }

  @Test(arguments: [
    "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "::/129", "x/8", "10.0.0.0/8/8", "10.0.0.0/+8",
  ])
  func otherTextIsNotABlock(_ text: String) { #expect(AddressBlock(text) == nil) }

  @Test(arguments: ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7/32", "::/0"])
  func blocksAreWrittenAsTheyAreRead(_ text: String) { #expect(AddressBlock(text)?.description == text) }
}
