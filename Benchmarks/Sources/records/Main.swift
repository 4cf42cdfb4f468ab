// SPDX-License-Identifier: Apache-2.0
import BPF
import BTF
import BTFCoding
import Foundation

// records OBJECT [--rounds N]: the record of kernel/c/exec_events.bpf.c as JSON, by RecordJSON and by Foundation's JSONEncoder.

/// What a program without RecordJSON makes of the record.
struct Event: Codable {
  var time: UInt64
  var process, parent, user, arguments: UInt32
  var command, path: String

  /// - Parameter record: `struct event` of the object.
  init(_ record: UnsafeRawBufferPointer) {
    time = record.loadUnaligned(as: UInt64.self)
    process = record.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
    parent = record.loadUnaligned(fromByteOffset: 12, as: UInt32.self)
    user = record.loadUnaligned(fromByteOffset: 16, as: UInt32.self)
    arguments = record.loadUnaligned(fromByteOffset: 20, as: UInt32.self)
    command = String(decoding: record[24..<40].prefix { $0 != 0 }, as: UTF8.self)
    path = String(decoding: record[40..<168].prefix { $0 != 0 }, as: UTF8.self)
  }
}

struct Failure: Error, CustomStringConvertible {
  var description: String
}

extension [Double] {
  var median: Double { sorted()[count / 2] }
}

@main enum Records {
  static let count = 20_000
  static func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
  }

  static func main() {
    do {
      try run()
    } catch {
      FileHandle.standardError.write(Data("records: \(error)\n".utf8))
      exit(1)
    }
  }

  private static func run() throws {
    let arguments = CommandLine.arguments
    guard arguments.count > 1 else { throw Failure(description: "usage: records OBJECT [--rounds N]") }
    let rounds = arguments.firstIndex(of: "--rounds").flatMap { Int(arguments[$0 + 1]) } ?? 31
    guard let types = try BPFCollection(path: arguments[1]).spec.types,
      let type = types.id(named: "event", kind: .structure)
    else { throw Failure(description: "the object has no struct event") }
    let plan = RecordJSON(try BTFCodec(types, type))
    let record = sample(plan.codec.size)
    let encoder = JSONEncoder()
    let event = record.withUnsafeBytes { Event($0) }
    try check(plan, record, encoder)

    var ours: [Double] = []
    var encoding: [Double] = []
    var decoding: [Double] = []
    for round in 0..<rounds {
      let sides: [() throws -> Void] = [
        { ours.append(try planned(plan, record)) }, { encoding.append(try encoded(encoder, event)) },
        { decoding.append(try decoded(encoder, record)) },
      ]
      for side in round.isMultiple(of: 2) ? sides : sides.reversed() { try side() }
    }
    func line(_ name: String, _ times: [Double]) {
      let ratio = zip(ours, times).map { $0 / $1 }.median
      let cells = [name, String(format: "%.0f ns", times.median), String(format: "%.3f", ratio)]
      print("| \(cells.joined(separator: " | ")) |")
    }
    print("A record of \(plan.codec.size) bytes; medians of \(rounds) rounds of \(count) records.\n")
    print("| what | time | RecordJSON's share |\n|---|---|---|")
    line("RecordJSON: bytes of the ring to JSON", ours)
    line("JSONEncoder: a Codable value that is there already", encoding)
    line("the same, and the value made of the bytes", decoding)
  }

  /// A record as the program writes it, with a path that needs escapes.
  private static func sample(_ size: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: size)
    func put<T>(_ value: T, at offset: Int) {
      withUnsafeBytes(of: value) { bytes.replaceSubrange(offset..<offset + $0.count, with: $0) }
    }
    put(UInt64(1_234_567_890_123), at: 0)
    for (offset, value) in [(8, 41_234), (12, 1_204), (16, 1000), (20, 3)] { put(UInt32(value), at: offset) }
    bytes.replaceSubrange(24..<28, with: "grep".utf8)
    let path = "/usr/lib/x86_64-linux-gnu/a \"quoted\" directory/bin/grep"
    bytes.replaceSubrange(40..<40 + path.utf8.count, with: path.utf8)
    return bytes
  }

  /// That both write the same.
  private static func check(_ plan: RecordJSON, _ record: [UInt8], _ encoder: JSONEncoder) throws {
    var buffer = JSONBuffer()
    try record.withUnsafeBytes { try plan.write($0, to: &buffer) }
    let ours = try JSONSerialization.jsonObject(with: buffer.withUnsafeBytes { Data($0) }) as? NSDictionary
    let theirs = try JSONSerialization.jsonObject(with: try encoder.encode(record.withUnsafeBytes { Event($0) }))
    guard let ours, ours.isEqual(theirs) else { throw Failure(description: "\(ours ?? [:]) and \(theirs) differ") }
  }

  private static func planned(_ plan: RecordJSON, _ record: [UInt8]) throws -> Double {
    var buffer = JSONBuffer()
    let start = processorTime()
    try record.withUnsafeBytes { bytes in
      for _ in 0..<count {
        buffer.removeAll()
        try plan.write(bytes, to: &buffer)
      }
    }
    return (processorTime() - start) / Double(count)
  }

  private static func encoded(_ encoder: JSONEncoder, _ event: Event) throws -> Double {
    let start = processorTime()
    for _ in 0..<count { _ = try encoder.encode(event) }
    return (processorTime() - start) / Double(count)
  }

  private static func decoded(_ encoder: JSONEncoder, _ record: [UInt8]) throws -> Double {
    let start = processorTime()
    try record.withUnsafeBytes { bytes in for _ in 0..<count { _ = try encoder.encode(Event(bytes)) } }
    return (processorTime() - start) / Double(count)
  }
}
