// SPDX-License-Identifier: Apache-2.0
public import BPFSystem
import Glibc
import SystemPackage

/// Reads what programs write with `bpf_perf_event_output`: a map of type `perf_event_array`, a ring for each processor.
///
/// Prefer ``RingBuffer`` from Linux 5.8 on: it is faster, keeps the order and shares its memory between processors.
public struct PerfBuffer: ~Copyable {
  /// In which order records of different processors are handed out.
  public enum Order: Sendable, Hashable {
    /// Processor after processor: the fastest.
    case byProcessor
    /// By time. A record that is younger than `holdBack` waits for the next call, so that one from another processor
    /// that is still being written can come before it.
    case byTime(holdBack: Duration = .zero)
  }

  private let map: Descriptor
  private let epoll: Epoll
  private var rings: [PerfRing]
  private let settings: Settings
  let order: Order

  /// How each processor's ring is opened.
  private struct Settings {
    var pages: Int
    var processorLimit: Int
    var wakeup: PerfEvent.Wakeup
  }

  /// How many records the kernel could not write because a ring was full, as far as has been read.
  public private(set) var lost: UInt64

  /// Opens a ring for each processor that is online and that the map has an entry for.
  ///
  /// - Parameters:
  ///   - map: the map's descriptor, borrowed for this call.
  ///   - maxEntries: the map's `max_entries`.
  ///   - pages: pages of data for each processor, a power of two.
  ///   - wakeup: how much is written before a reader that waits is woken.
  ///   - order: the order that records of several processors are given in.
  public init(
    map: CInt, maxEntries: Int, pages: Int = 16, wakeup: PerfEvent.Wakeup = .events(1), order: Order = .byProcessor
  ) throws(BPFError) {
    guard pages > 0, pages & (pages - 1) == 0 else {
      throw BPFError(.invalid, "opening a perf buffer of \(pages) pages", detail: "the number is no power of two")
    }
    let map = try naming("opening a perf buffer") { () throws(Errno) in try Descriptor.duplicating(map) }
    let epoll = try naming("opening a perf buffer") { () throws(Errno) in try Epoll() }
    let settings = Settings(pages: pages, processorLimit: maxEntries, wakeup: wakeup)
    rings = try Self.open(settings, besides: [], map: map, epoll: epoll)
    lost = 0
    self.map = map
    self.epoll = epoll
    self.settings = settings
    self.order = order
  }

  // The map holds the events open until its own last descriptor closes: take them out.
  deinit {
    for ring in rings {
      var key = UInt32(ring.cpu)
      try? BPFCall.delete(fd: map.rawValue, key: &key)
    }
  }

  /// The processors that are read, ascending.
  public var processors: [Int] { rings.map(\.cpu) }

  /// Opens rings for processors that came online since.
  public mutating func refresh() throws(BPFError) {
    rings = try Self.open(settings, besides: rings, map: map, epoll: epoll)
  }

  /// Opens what is not open yet, and puts it into the map.
  private static func open(
    _ settings: Settings, besides known: [PerfRing], map: borrowing Descriptor, epoll: borrowing Epoll
  ) throws(BPFError) -> [PerfRing] {
    var rings = known
    do throws(Errno) {
      for cpu in try CPUSet.online.numbers
      where cpu < settings.processorLimit && !known.contains(where: { $0.cpu == cpu }) {
        do throws(Errno) {
          let ring = try PerfRing(cpu: cpu, pages: settings.pages, wakeup: settings.wakeup)
          var key = UInt32(cpu)
          var fd = ring.descriptor.rawValue
          try BPFCall.update(fd: map.rawValue, key: &key, value: &fd)
          try Perf.enable(fd)
          try epoll.add(fd, tag: UInt64(cpu))
          rings.append(ring)
        } catch {
          // It went offline after the list was read.
          if error.rawValue != ENODEV { throw error }
        }
      }
    } catch {
      throw BPFError(
        "opening a perf buffer's ring", errno: error,
        hint: error == .notPermitted ? "raise kernel.perf_event_mlock_kb, or use fewer pages" : nil)
    }
    return rings.sorted { $0.cpu < $1.cpu }
  }

  /// Hands the records that are there to a closure, without waiting.
  ///
  /// - Parameters:
  ///   - limit: how many records at most.
  ///   - body: is lent one record at a time.
  /// - Returns: the number of records. What was lost is added to ``lost``.
  @discardableResult
  public mutating func consume<Failure: Error>(
    limit: Int = .max, _ body: (PerfRecord) throws(Failure) -> Void
  ) throws(Failure) -> Int {
    switch order {
    case .byProcessor: try consumeByProcessor(limit, body)
    case .byTime(let holdBack): try consumeByTime(limit, holdBack, body)
    }
  }

  private mutating func consumeByProcessor<Failure: Error>(
    _ limit: Int, _ body: (PerfRecord) throws(Failure) -> Void
  ) throws(Failure) -> Int {
    var count = 0
    for ring in rings where count < limit {
      let end = ring.head
      defer { ring.publish() }
      while count < limit, let item = ring.next(before: end) {
        count += try handle(item, body)
      }
    }
    return count
  }

  private mutating func consumeByTime<Failure: Error>(
    _ limit: Int, _ holdBack: Duration, _ body: (PerfRecord) throws(Failure) -> Void
  ) throws(Failure) -> Int {
    let now = KernelClock.monotonic()
    let latest = now &- min(UInt64(holdBack.clampedNanoseconds), now)
    let ends = rings.map(\.head)
    var times = rings.indices.map { rings[$0].nextTime(before: ends[$0]) }
    var count = 0
    defer { for ring in rings { ring.publish() } }
    while count < limit {
      var oldest: Int?
      for index in times.indices {
        guard let time = times[index], time <= latest else { continue }
        if let best = oldest.flatMap({ times[$0] }), best <= time { continue }
        oldest = index
      }
      guard let index = oldest, let item = rings[index].next(before: ends[index]) else { break }
      count += try handle(item, body)
      times[index] = rings[index].nextTime(before: ends[index])
    }
    return count
  }

  private mutating func handle<Failure: Error>(
    _ item: PerfRing.Item, _ body: (PerfRecord) throws(Failure) -> Void
  ) throws(Failure) -> Int {
    switch item {
    case .record(let record):
      try body(record)
      return 1
    case .lost(let count):
      lost += count
      return 0
    case .other:
      return 0
    }
  }

  /// Sleeps until a ring has as much as it wakes for, or the time is over.
  ///
  /// - Parameters:
  ///   - timeout: how long at most; nil for ever.
  /// - Returns: whether there is something to read, which may also be there after the time is over.
  public func wait(timeout: Duration? = nil) throws(BPFError) -> Bool {
    do throws(Errno) {
      try epoll.wait(timeout: timeout.map(\.clampedNanoseconds))
    } catch {
      throw BPFError("waiting for a perf buffer", errno: error)
    }
    return isReadable
  }

  /// Readable when a ring has as much as it wakes for, until that is waited for once.
  var fileDescriptor: CInt { epoll.descriptor.rawValue }

  /// Whether a ring holds something.
  var isReadable: Bool { rings.contains { $0.available > 0 } }

  /// Waits for records and hands those that are there to a closure.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait when there are none; nil for ever.
  ///   - limit: how many records at most.
  ///   - body: is lent one record at a time.
  /// - Returns: the number of records.
  @discardableResult
  public mutating func poll(
    timeout: Duration? = nil, limit: Int = .max, _ body: (PerfRecord) -> Void
  ) throws(BPFError) -> Int {
    let count = consume(limit: limit, body)
    if count > 0 { return count }
    _ = try wait(timeout: timeout)
    return consume(limit: limit, body)
  }
}

// Its rings are reached through it alone, and what changes them is mutating.
extension PerfBuffer: @unchecked Sendable {}
