// SPDX-License-Identifier: Apache-2.0

import BPFInterpreter
import BPFObject
import Testing

@testable import execve_tracker

/// The example's tracker: strings of user space, the parent through CO-RE, a ring.
@Suite struct TrackerTests {
  static let pointerSize = 8

  static func tracker() throws -> Interpreter {
    let tracker = try Interpreter(ObjectSpec(bytes: Objects.execveTracker, name: "execve_tracker"))
    let parent = try tracker.place(structure: "task_struct", ["tgid": 17])
    tracker.environment.currentTask = try tracker.place(
      structure: "task_struct", ["tgid": 4711, "real_parent": FieldValue(parent)])
    tracker.environment.processID = 4711
    tracker.environment.userID = 33
    tracker.environment.command = "sh"
    return tracker
  }

  /// The record of the tracepoint, with the strings in the memory of the process.
  static func record(_ tracker: Interpreter, _ file: String, _ arguments: [String]) throws -> [UInt8] {
    let list = try arguments.map { try tracker.place(string: $0, in: .user) } + [0]
    let vector = try tracker.place(list.flatMap { address in withUnsafeBytes(of: address) { Array($0) } }, in: .user)
    let path = try tracker.place(string: file, in: .user)
    return [0, 59, path, vector, 0, 0, 0, 0].flatMap { word in withUnsafeBytes(of: word as UInt64) { Array($0) } }
  }

  @Test func anExecutionIsSeenWhole() throws {
    let tracker = try Self.tracker()
    let program = try #require(tracker.object?.programs.first { $0.sectionName.hasSuffix("sys_enter_execve") }?.name)
    _ = try tracker.run(program, record: Self.record(tracker, "/bin/echo", ["echo", "hello"]))
    let events = try tracker.map("exec_events")
    let event = try #require(events.records.first)
    #expect(event.count == 8 + 6 * 4 + 16 + 256 + 1024)
    // pid, parent, user, flags, argument_count, arguments_size
    let words = event.withUnsafeBytes { bytes in
      (0..<6).map { bytes.loadUnaligned(fromByteOffset: 8 + 4 * $0, as: UInt32.self) }
    }
    #expect(words == [4711, 17, 33, 0, 2, 11])
    #expect(event[32..<35] == [UInt8(ascii: "s"), UInt8(ascii: "h"), 0])
    #expect(event[48...].prefix(10) == ArraySlice(Array("/bin/echo".utf8) + [0]))
    #expect(event[304...].prefix(11) == ArraySlice(Array("echo\0hello\0".utf8)))
    #expect(try tracker.map("exec_counts", UInt32.self, UInt64.self).get(4711) == 1)
  }

  @Test func whatCannotBeReadIsSaid() throws {
    let tracker = try Self.tracker()
    let program = try #require(tracker.object?.programs.first { $0.sectionName.hasSuffix("sys_enter_execve") }?.name)
    let words: [UInt64] = [0, 59, 0x7fff_0000_0000, 0, 0, 0, 0, 0]
    _ = try tracker.run(program, record: words.flatMap { word in withUnsafeBytes(of: word) { Array($0) } })
    let event = try #require(try tracker.map("exec_events").records.first)
    // FILE_UNREADABLE and ARGUMENTS_CUT
    #expect(event[20] == 2 | 8)
  }

  @Test func lostEventsAreCounted() throws {
    let tracker = try Self.tracker()
    let program = try #require(tracker.object?.programs.first { $0.sectionName.hasSuffix("sys_enter_execve") }?.name)
    let record = try Self.record(tracker, "/bin/true", ["true"])
    for _ in 0..<900 { _ = try tracker.run(program, record: record) }
    let ring = try tracker.map("exec_events")
    #expect(try tracker.global("lost_events") == UInt64(900 - ring.records.count))
    #expect(ring.lostRecords > 0)
  }
}
