// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel
import MeropsSinks
import Testing

struct JSONLineTests {
  private func event(time: UInt64 = 0, _ facts: [(Field, Value)] = []) -> Event {
    var process = Facts()
    process.append(.processID, UInt64(4711))
    for (field, value) in facts { process.append(field, value) }
    var own = Facts()
    own.append(.exitCode, Int64.min)
    var builder = EventBatchBuilder()
    builder.append(
      .processExit, id: EventID(rawValue: 77), time: time,
      by: Process(key: ProcessKey(start: 1, pid: 4711), generation: 0, parent: nil, facts: process), own)
    return builder.finish()[0]
  }

  private func line(_ event: Event) -> String {
    var writer = JSONLineWriter()
    var buffer: [UInt8] = []
    writer.append(event, to: &buffer)
    return String(decoding: buffer, as: UTF8.self)
  }

  @Test func aLineIsFlatAndOrdered() {
    let event = event(
      time: 1_795_960_931_418_000_000,
      [
        (.processExecutable, .text("/bin/sh")), (.processExecutableIsDeleted, .bool(false)),
        (.processArguments, .texts(["sh", "a\"b"])),
      ])
    #expect(
      line(event) == """
        {"time":"2026-11-29T14:02:11.418000000Z","event":"process.exit","id":"000000000002D","process.pid":4711,\
        "process.executable.path":"/bin/sh","process.executable.deleted":false,"process.command_args":["sh","a\\"b"],\
        "process.exit.code":-9223372036854775808}

        """)
  }

  @Test func detailsStandInEventsThatDescribeTheProcess() {
    var process = Facts()
    process.append(.processID, UInt64(4711))
    process.append(.processCapabilities, UInt64(1))
    let doer = Process(key: ProcessKey(start: 1, pid: 4711), generation: 0, parent: nil, facts: process)
    var builder = EventBatchBuilder()
    for kind in [EventKind.processExec, .fileOpen] { builder.append(kind, id: EventID(rawValue: 1), time: 0, by: doer) }
    let events = builder.finish()
    #expect(line(events[0]).contains("\"process.capabilities\":1"))
    #expect(!line(events[1]).contains("capabilities"))
    var writer = JSONLineWriter(everyDetail: true)
    var buffer: [UInt8] = []
    writer.append(events[1], to: &buffer)
    #expect(String(decoding: buffer, as: UTF8.self).contains("\"process.capabilities\":1"))
  }

  /// Whatever the bytes are, the line is JSON that says the same to Foundation, and no byte is lost.
  @Test func anyBytesAreWritten() throws {
    var state: UInt64 = 5
    for _ in 0..<3000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let bytes = (0..<state % 9).map { index -> UInt8 in
        let choice = state >> (8 * (index % 7))
        return choice % 3 == 0
          ? UInt8(truncatingIfNeeded: choice >> 3)
          : [0x41, 0x22, 0x5c, 0x0a, 0x7f, 0xc3, 0xa9, 0xe2][Int(choice >> 2 & 7)]
      }
      let line = line(event([(.processName, .text(Text(bytes, isCut: state % 2 == 0)))]))
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let text = try #require(object["process.name"] as? String)
      #expect(object["process.name.cut"] as? Bool == (state % 2 == 0 ? true : nil))
      if let valid = String(validating: bytes, as: UTF8.self) {
        #expect(text.utf8.elementsEqual(valid.utf8) && object["process.name.hex"] == nil)
      } else {
        #expect(object["process.name.hex"] as? String == bytes.map { String(format: "%02x", $0) }.joined())
      }
    }
  }

  @Test(arguments: [0, 951_782_400, 951_868_799, 1_709_164_800, 4_102_444_799, 68_169_599])
  func timesAreFoundations(_ seconds: Int) throws {
    let text = ISO8601DateFormatter().string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
    let time = UInt64(seconds) &* 1_000_000_000 &+ 7
    #expect(line(event(time: time)).contains(text.dropLast() + ".000000007Z"))
  }

  @Test func theLargestNumbersAreWhole() {
    #expect(
      line(event([(.processUser, .uint(.max)), (.processGroup, .uint(0))])).contains(
        "\"process.user.id\":18446744073709551615,\"process.group.id\":0"))
  }
}
