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

  /// Text is shown as text, and bytes that are not text as bytes: none is lost.
  @Test func bytesThatAreNotText() throws {
    let trigger = Trigger()
    let source = """
      #include <linux/bpf.h>
      #include <bpf/bpf_helpers.h>
      char LICENSE[] SEC("license") = "GPL";
      struct event { char name[4], hash[4], start[4]; };
      struct { struct event (*type)[BPF_MAP_TYPE_RINGBUF]; __uint(max_entries, 4096); } events SEC(".maps");
      const volatile __u32 only_thread;
      SEC("tracepoint/syscalls/sys_enter_getpgid") int on_getpgid(void *context) {
        struct event event = {{'s', 'h', 0, 'x'}, {1, 0xff, 'a', 0xc3}, {0, 0, 7, 0}};
        if ((__u32)bpf_get_current_pid_tgid() == only_thread) bpf_ringbuf_output(&events, &event, sizeof(event), 0);
        return 0;
      }
      """
    let object = try scratch.compiled(scratch.file("bytes.bpf.c", Array(source.utf8)))
    let result = try Shell.run(
      [
        Command.path("merops"), "trace", object, "--global", "only_thread=\(trigger.threadID)", "--count", "1",
      ], mergeErrors: false)
    #expect(
      result.output == #"events {"name":"sh","hash":[1,255,97,195],"start":[0,0,7,0]}"# + "\n", "\(result.output)")
  }
}
