// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// `merops trace` of a program that sends 15,000 records in three bursts.
@Suite(.requires(.root), .requires(kernel: "5.10"), .timeLimit(.minutes(10))) struct TraceTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// A thread that makes the system call at which the program fires, until it is cancelled.
  private final class Trigger: @unchecked Sendable {
    private let thread: Thread
    let threadID: UInt32

    init() {
      let started = DispatchSemaphore(value: 0)
      let id = Atomic<UInt32>(0)
      thread = Thread {
        id.store(TestSupport.threadID(), ordering: .relaxed)
        started.signal()
        while !Thread.current.isCancelled {
          _ = getpgid(0)
          usleep(2000)
        }
      }
      thread.start()
      started.wait()
      threadID = id.load(ordering: .relaxed)
    }

    deinit { thread.cancel() }
  }

  private func command(_ trigger: Trigger, _ arguments: String...) throws -> [String] {
    [
      Command.path("merops"), "trace", try scratch.object("burst"), "--global", "only_thread=\(trigger.threadID)",
      "--json",
    ] + arguments
  }

  private static func number(_ line: some StringProtocol) throws -> Int? {
    let record = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    return (record?["record"] as? [String: Any])?["number"] as? Int
  }

  @Test func everyRecordOfABurstIsPrinted() throws {
    let trigger = Trigger()
    let result = try Shell.run(command(trigger, "--count", "15000"), mergeErrors: false)
    #expect(result.status == 0)
    let numbers = try result.output.split(separator: "\n").map { try Self.number($0) }
    #expect(numbers == (1...15000).map(Optional.some))
  }

  @Test func recordsThatAreNotPrintedAreCounted() throws {
    let trigger = Trigger()
    let result = try Shell.run(command(trigger, "--count", "10"))
    #expect(result.status == 0)
    #expect(result.output.contains(/\n10 records, 0 lost, \d+ not printed\n/), "\(result.output)")
  }

  @Test func closedPipeEndsIt() throws {
    let trigger = Trigger()
    let arguments = try command(trigger).map { "'\($0)'" }.joined(separator: " ")
    let result = try Shell.run(["sh", "-c", "\(arguments) 2>/dev/null | head -n 3"])
    #expect(try result.output.split(separator: "\n").map { try Self.number($0) } == [1, 2, 3])
  }

  @Test(arguments: [SIGINT, SIGTERM]) func signalEndsItWithTheCount(_ signal: CInt) throws {
    let trigger = Trigger()
    let arguments = try command(trigger)
    let process = Process()
    process.executableURL = URL(filePath: arguments[0])
    process.arguments = Array(arguments.dropFirst())
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let lines = Thread {
      // It may go on printing until the signal comes.
      while !output.fileHandleForReading.availableData.isEmpty {}
    }
    lines.start()
    var text = ""
    while !text.contains("is attached to") {
      let data = errors.fileHandleForReading.availableData
      if data.isEmpty { break }
      text += String(decoding: data, as: UTF8.self)
    }
    kill(process.processIdentifier, signal)
    text += String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0 && process.terminationReason == .exit)
    #expect(text.contains(/\n\d+ records, 0 lost/), "\(text)")
  }
}
