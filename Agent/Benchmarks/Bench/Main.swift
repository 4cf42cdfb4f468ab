// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel
import MeropsSinks
import MeropsStore
import SampleEvents

/// What events cost once they are in user space: as lines, in the store, in queries; and how late lines arrive. `README.md` of the
/// folder above has the figures.
@main
enum Benchmark {
  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    let count = arguments.count > 1 ? Int(arguments[1]) ?? 1_000_000 : 1_000_000
    switch arguments.first {
    case "lines": lines(count)
    case "store": try store(count, in: arguments.count > 2 ? arguments[2] : nil)
    case "query": try query(in: arguments[2])
    case "delay": Delay.read()
    default: print("usage: agent-bench lines|store|query EVENTS [FOLDER], or agent-bench delay < LINES")
    }
  }

  /// Seconds of a closure, by the clock and of this process's CPU.
  static func seconds(_ body: () throws -> Void) rethrows -> (wall: Double, cpu: Double) {
    let (start, cpu) = (time(CLOCK_MONOTONIC), time(CLOCK_PROCESS_CPUTIME_ID))
    try body()
    return (time(CLOCK_MONOTONIC) - start, time(CLOCK_PROCESS_CPUTIME_ID) - cpu)
  }

  private static func time(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  static func say(_ what: String, _ value: Double, _ unit: String) {
    let digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
    print(what.padding(toLength: 58, withPad: " ", startingAt: 0), String(format: "%.\(digits)f", value), unit)
  }

  static func lines(_ count: Int) {
    var samples = SampleEvents()
    let batches = (0..<count / 1_000).map { _ in samples.batch(1_000) }
    var bytes = 0
    let ours = seconds {
      var writer = JSONLineWriter()
      var buffer: [UInt8] = []
      for batch in batches {
        buffer.removeAll(keepingCapacity: true)
        for event in batch { writer.append(event, to: &buffer) }
        bytes += buffer.count
      }
    }
    say("JSON lines", Double(count) / ours.cpu, "events/s of one CPU")
    say("JSON lines", Double(bytes) / Double(count), "bytes per event")
    let few = max(1, batches.count / 20)
    let encoder = JSONEncoder()
    let theirs = seconds {
      for batch in batches.prefix(few) {
        for event in batch { _ = try? encoder.encode(Encoded(event)) }
      }
    }
    say("Foundation's JSONEncoder, the same fields", Double(few * 1_000) / theirs.cpu, "events/s of one CPU")
  }

  static func store(_ count: Int, in folder: String?) throws {
    let path = folder ?? FileManager.default.temporaryDirectory.appending(path: "agent-bench-\(getpid())").path
    defer { if folder == nil { try? FileManager.default.removeItem(atPath: path) } }
    var samples = SampleEvents(time: 1_790_000_000_000_000_000)
    samples.pace = 100_000
    var options = StoreOptions()
    options.maximumAge = nil
    options.maximumBytes = 16 << 30
    options.segmentBytes = 512 << 20
    let store = try EventStore(at: path, options)
    // Making them costs as much as storing them: a million at a time, off the clock.
    var (wall, cpu) = (0.0, 0.0)
    for _ in 0..<max(1, count / 1_000_000) {
      let batches = (0..<min(count, 1_000_000) / 500).map { _ in samples.batch(500) }
      let (more, moreCPU) = seconds {
        for batch in batches {
          store.append(batch)
          // As a reader that keeps up would: nothing is dropped.
          while store.status.waitingBytes > 16 << 20 { usleep(1_000) }
        }
        store.flush()
      }
      wall += more
      cpu += moreCPU
    }
    let status = store.status
    store.close()
    say("stored", Double(status.written), "events")
    say("dropped", Double(status.dropped), "events")
    say("to the store", Double(status.written) / wall, "events/s")
    say("to the store", Double(status.written) / cpu, "events/s of one CPU")
    say("one transaction", status.commitSeconds / Double(max(1, status.commits)) * 1000, "ms")
    let bytes = try FileManager.default.contentsOfDirectory(atPath: path).reduce(0) { sum, name in
      sum + (try FileManager.default.attributesOfItem(atPath: path + "/" + name)[.size] as? Int ?? 0)
    }
    say("stored", Double(bytes) / Double(status.written), "bytes per event")
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    say("largest resident set, the events' making included", Double(usage.ru_maxrss) / 1024, "MB")
  }

  static func query(in path: String) throws {
    var options = StoreOptions()
    options.maximumAge = nil
    options.maximumBytes = 16 << 30
    var store: EventStore?
    let opening = try seconds { store = try EventStore(at: path, options) }
    guard let store else { return }
    say("events", Double(store.status.events), "events in \(store.status.files) files")
    say("the store opens", opening.wall * 1000, "ms")
    var all = EventQuery()
    all.limit = 1
    var newest: UInt64 = 0
    try store.events(all) {
      newest = $0[0].time
      return false
    }
    let oldest = store.status.oldest ?? 0
    let middle = oldest + (newest - oldest) / 2
    // The sample's service: a fortieth of all events.
    var service: ProcessKey?
    var earliest = EventQuery()
    earliest.order = .oldestFirst
    earliest.limit = 2_000
    try store.events(earliest) { batch in
      service = batch.map(\.process.key).min() ?? service
      return service == nil
    }
    var process: ProcessKey?
    var somebody = EventQuery()
    somebody.until = middle
    somebody.limit = 1
    try store.events(somebody) {
      process = $0[0].process.key
      return false
    }

    func run(_ name: String, _ query: EventQuery) throws {
      var times: [Double] = []
      var count = 0
      for _ in 0..<7 {
        count = 0
        times.append(
          try seconds {
            try store.events(query) {
              count += $0.count
              return true
            }
          }.wall)
      }
      times.sort()
      say(
        name, times[3] * 1000,
        "ms, the first \(String(format: "%.1f", times.max().map { $0 * 1000 } ?? 0)); \(count) events")
    }
    var query = EventQuery()
    query.process = process
    try run("all of one process", query)
    query.since = middle - 60_000_000_000
    query.until = middle
    try run("one process, one minute in the middle", query)
    query.limit = 100
    try run("the same, the newest 100", query)
    query = EventQuery()
    query.process = service
    query.since = middle - 60_000_000_000
    query.until = middle
    try run("one service, one minute in the middle", query)
    query.since = nil
    query.limit = 100
    try run("the same, the newest 100 before the middle", query)
    query = EventQuery()
    query.limit = 100
    query.until = middle
    try run("the newest 100 before a moment", query)
    query.since = middle - 1_000_000_000
    query.limit = nil
    try run("one second in the middle", query)
    query = EventQuery()
    query.executable = Array("/usr/bin/git".utf8)
    query.limit = 100
    try run("one executable, the newest 100", query)
    query.since = middle - 1_000_000_000
    query.until = middle
    try run("one executable, a second in the middle", query)
    query = EventQuery()
    query.pid = process?.pid
    try run("one process id", query)
    query = EventQuery()
    query.kinds = [.bpfLoad]
    try run("a kind that did not happen, all of the time", query)
    query = EventQuery()
    query.limit = 1_000_000
    query.condition = { _ in false }
    query.since = newest - (newest - oldest) / 10
    try run("a condition that never holds, a tenth of the events", query)
  }
}

/// An event as Codable code would have it.
private struct Encoded: Encodable {
  let event: Event

  init(_ event: Event) { self.event = event }

  struct Key: CodingKey {
    let stringValue: String
    let intValue: Int? = nil
    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(event.time, forKey: Key("time"))
    try container.encode(event.kind.name, forKey: Key("event"))
    try container.encode(event.id.description, forKey: Key("id"))
    for facts in [event.process.facts, event.facts] {
      try facts.forEach { field, bytes, isCut in
        if field.isDetail && !event.kind.describesProcess { return }
        switch Packed.value(bytes, field.type, isCut: isCut) {
        case .bool(let value): try container.encode(value, forKey: Key(field.name))
        case .int(let value): try container.encode(value, forKey: Key(field.name))
        case .uint(let value): try container.encode(value, forKey: Key(field.name))
        case .text(let value): try container.encode(value.description, forKey: Key(field.name))
        case .texts(let values): try container.encode(values.map(\.description), forKey: Key(field.name))
        case .address(let value): try container.encode(value.description, forKey: Key(field.name))
        }
      }
    }
  }
}
