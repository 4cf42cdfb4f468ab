// SPDX-License-Identifier: Apache-2.0

import MeropsControl
import MeropsModel
import Testing

struct RequestTests {
  private let now: UInt64 = 1_795_960_931_418_000_000

  @Test(arguments: [
    ("now", 1_795_960_931_418_000_000), ("1h", 1_795_957_331_418_000_000), ("1h30m", 1_795_955_531_418_000_000),
    ("250ms", 1_795_960_931_168_000_000), ("2026-11-29T14:02:11.418Z", 1_795_960_931_418_000_000),
    ("2026-11-29 14:02", 1_795_960_920_000_000_000), ("1970-01-01", 0),
    ("2000-03-01T00:00:00Z", 951_868_800_000_000_000),
    ("2024-02-29", 1_709_164_800_000_000_000), ("9999d", 932_047_331_418_000_000),
    ("1 h 30 min", 1_795_955_531_418_000_000),
    ("5m ago", 1_795_960_631_418_000_000), ("@1795960931", 1_795_960_931_000_000_000),
    ("14:02", 1_795_960_920_000_000_000), ("14:03", 1_795_874_580_000_000_000), ("today", 1_795_910_400_000_000_000),
    ("yesterday", 1_795_824_000_000_000_000), ("yesterday 14:02", 1_795_874_520_000_000_000),
    ("2026-11-29T15:02:11+01:00", 1_795_960_931_000_000_000), ("2026-11-29 10:32:11-0330", 1_795_960_931_000_000_000),
  ]) func timesAreRead(_ text: String, _ time: UInt64) throws { #expect(try TimePoint.parse(text, now: now) == time) }

  @Test(arguments: [
    "", "h", "1", "1x", "-1h", "2026-13-01", "2026-11-29T25:00Z", "tomorrow", "99999999d", "99999999999999999999d", "@",
    "yesterday noon", "14:02:11 x y", "2026-11-29T14:02+25:00", "1970-01-01T00:00+01:00",
  ])
  func whatIsNoTimeIsAnError(_ text: String) {
    #expect(throws: ControlError.self) { try TimePoint.parse(text, now: now) }
  }

  /// Without a zone a time is local, as screens show it; with one it is what it says.
  @Test(arguments: [
    ("2026-11-29 14:02", 1_795_957_320_000_000_000), ("14:02", 1_795_957_320_000_000_000),
    ("2026-11-29T14:02Z", 1_795_960_920_000_000_000), ("today", 1_795_906_800_000_000_000),
    ("1h", 1_795_957_331_418_000_000),
  ]) func timesAreLocal(_ text: String, _ time: UInt64) throws {
    #expect(try TimePoint.parse(text, now: now) { _ in 3600 } == time)
  }

  @Test func aTimeIsWrittenAsItIsRead() throws {
    var state: UInt64 = 7
    for _ in 0..<1000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let time = state % 16_725_225_600_000_000_000
      #expect(try TimePoint.parse(RFC3339.text(time), now: now) == time)
    }
  }

  @Test func aRequestIsWrittenAsItIsRead() throws {
    var request = EventRequest()
    request.since = now
    request.kinds = [.processExec, .dnsAnswer]
    request.pid = 12
    request.condition = "process.executable.path == \"/bin/ü &%=\" && true"
    request.limit = 7
    request.newestFirst = true
    request.format = .packed
    let items = request.query.split(separator: "&").map { item in
      let parts = item.split(separator: "=", maxSplits: 1)
      return (name: String(parts[0]), value: String(parts[1]).percentDecoded)
    }
    #expect(try EventRequest(items, now: 0) == request)
  }

  @Test(arguments: [
    ("limmit", "1", "did you mean `limit`?"), ("kinds", "netwrok", "did you mean `network`?"), ("limit", "0", "1 to"),
    ("kinds", "process.exe", "no event `process.exe`"),
    ("format", "xml", "packed"), ("order", "up", "oldest or newest"), ("pid", "-1", "process id"),
  ]) func aMistakeIsNamed(_ name: String, _ value: String, _ words: String) {
    let error = #expect(throws: ControlError.self) { try EventRequest([(name: name, value: value)], now: now) }
    #expect(error?.message.contains(words) == true && error?.status == 400)
  }

  @Test func kindsHaveFamilies() throws {
    #expect(try EventRequest.kinds("dns,process.exec") == [.dnsQuery, .dnsAnswer, .processExec])
  }

  /// Frames arrive in whatever pieces; bytes that are not frames are an error, never a trap.
  @Test func framesSurviveAnyCut() throws {
    let batch = sampleBatch(3)
    let bytes = EventFrames.bytes(batch) + EventFrames.alive + EventFrames.lost(9) + EventFrames.bytes(batch)
    for size in 1..<bytes.count {
      var frames = EventFrames()
      var events = 0
      var lost: UInt64 = 0
      for start in stride(from: 0, to: bytes.count, by: size) {
        for frame in try frames.read(bytes[start..<min(start + size, bytes.count)]) {
          switch frame {
          case .events(let batch): events += batch.count
          case .lost(let count): lost = count
          case .alive: break
          }
        }
      }
      #expect(events == 6 && lost == 9)
    }
    var frames = EventFrames()
    #expect(throws: ControlError.self) { try frames.read([9, 0, 0, 0] + [UInt8](repeating: 1, count: 9)) }
  }

  @Test func theMostActiveComeFirst() {
    var tally = Tally(by: .process)
    tally.count(sampleBatch(3, pid: 1))
    tally.count(sampleBatch(5, pid: 2))
    #expect(tally.top(9).map(\.name) == ["p2(2)", "p1(1)"])
    #expect(tally.top(1).map(\.events) == [5])
    #expect(tally.top(9, by: .name).map(\.name) == ["p1(1)", "p2(2)"])
    #expect(tally.top(9, by: .bytes).map(\.name) == ["p2(2)", "p1(1)"])
    var small = Tally(by: .process, limit: 1)
    small.count(sampleBatch(3, pid: 1))
    small.count(sampleBatch(5, pid: 2))
    #expect(small.top(9).map(\.events) == [3] && small.others == 5)
  }
}

func sampleBatch(_ count: Int, pid: UInt32 = 77) -> EventBatch {
  var facts = Facts()
  facts.append(.processID, UInt64(pid))
  facts.append(.processName, .text(Text("p\(pid)")))
  let process = Process(key: ProcessKey(start: 1, pid: pid), generation: 0, parent: nil, facts: facts)
  var builder = EventBatchBuilder()
  for index in 0..<count {
    builder.append(.processExec, id: EventID(rawValue: UInt64(index)), time: UInt64(index), by: process)
  }
  return builder.finish()
}

extension String {
  var percentDecoded: String {
    var bytes: [UInt8] = []
    var rest = Array(utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
