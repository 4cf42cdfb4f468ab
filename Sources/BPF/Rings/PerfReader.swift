// SPDX-License-Identifier: Apache-2.0
import BPFSystem
import Glibc
import Synchronization
import SystemPackage

/// Reads what kernel programs write with `bpf_perf_event_output`: a map of type `perf_event_array`, with a ring for each
/// CPU.
///
/// Prefer a ring buffer (``RingReader``) from Linux 5.8 on: it is faster, keeps the order of records and shares its
/// memory between CPUs.
public final class PerfReader<Event: Sendable>: EventReader<Event>, @unchecked Sendable {
  /// The map.
  public let map: AnyMap

  private typealias Decoder = @Sendable (RawSpan, PerfRecord, UnsafeMutableRawPointer) throws(BPFError) -> Bool

  private let decoder: Decoder
  private let lock = Mutex<Void>(())
  // Used by whoever has the lock.
  private var rings: [PerfRing] = []
  private var options = PerfOptions()
  private var lostCount: UInt64 = 0
  /// Which ring is looked at first, where CPUs take turns.
  private var first = 0

  private init(_ map: AnyMap, _ options: PerfOptions?, decoder: @escaping Decoder) throws(BPFError) {
    guard map.info.type == .perfEventArray else { throw .wrongType(map, .perfEventArray) }
    self.map = map
    self.decoder = decoder
    try super.init()
    if let options { try open(options) }
  }

  // The map holds the events open until its own last descriptor closes: take them out.
  deinit {
    for ring in rings {
      var key = UInt32(ring.cpu)
      try? BPFCall.delete(fd: map.fd, key: &key)
    }
  }

  /// Opens the rings, which the first wait would otherwise do with the usual options. What programs write before is lost,
  /// so open a skeleton's reader before you attach.
  ///
  /// - Throws: `exists` if the rings are open.
  public func open(_ options: PerfOptions = PerfOptions()) throws(BPFError) {
    guard options.pages > 0, options.pages & (options.pages - 1) == 0 else {
      throw BPFError(
        .invalid, "opening map \(map.label) for reading", detail: "\(options.pages) pages are not a power of two")
    }
    try lock.withLock { (_) throws(BPFError) in
      guard rings.isEmpty else {
        throw BPFError(
          .exists, "opening map \(map.label) for reading", detail: "its rings are open",
          hint: "call open before the first wait")
      }
      self.options = options
      try openRings()
    }
  }

  /// Opens rings for CPUs that came online since.
  public func refresh() throws(BPFError) {
    try lock.withLock { (_) throws(BPFError) in try openRings() }
  }

  /// Opens a ring for each online CPU that the map has an entry for, and puts it into the map.
  private func openRings() throws(BPFError) {
    do throws(Errno) {
      let known = Set(rings.map(\.cpu))
      for cpu in try CPUSet.online.numbers where cpu < map.info.maxEntries && !known.contains(cpu) {
        do throws(Errno) {
          let ring = try PerfRing(cpu: cpu, options)
          var key = UInt32(cpu)
          var fd = ring.descriptor.rawValue
          try BPFCall.update(fd: map.fd, key: &key, value: &fd)
          rings.append(ring)
          try bell.watch(fd)
          try Perf.enable(fd)
        } catch {
          // It went offline after the list was read.
          if error.rawValue != ENODEV { throw error }
        }
      }
      rings.sort { $0.cpu < $1.cpu }
    } catch {
      throw BPFError(
        "opening map \(map.label) for reading", errno: error,
        hint: error == .notPermitted ? "raise kernel.perf_event_mlock_kb, or use fewer pages" : nil)
    }
  }

  /// The CPUs whose rings are open, ascending.
  public var cpus: [Int] { lock.withLock { _ in rings.map(\.cpu) } }

  /// How many records the kernel dropped because a ring was full, as far as has been read.
  public var lost: UInt64 { lock.withLock { _ in lostCount } }

  /// Hands the records that are there to a closure, without waiting.
  ///
  /// - Parameters:
  ///   - limit: how many records at most.
  ///   - body: is lent a record's bytes and told where they come from. The bytes are what the program wrote and up to
  ///     seven more: the kernel rounds up. It must not use this reader, but for ``EventReader/wake()``.
  /// - Returns: the number of records. The records that were dropped are added to ``lost``.
  @discardableResult
  public func consumeRecords<Failure: Error>(
    limit: Int = .max, _ body: (RawSpan, PerfRecord) throws(Failure) -> Void
  ) throws(Failure) -> Int {
    try lock.withLock { (_) throws(Failure) -> Int in
      for ring in rings { ring.refresh() }
      defer { publish() }
      var count = 0
      while count < limit, let (record, bytes) = nextRecord() {
        count += 1
        try body(bytes.bytes, record)
      }
      return count
    }
  }

  override var subject: String { "map \(map.label)" }

  override func prepare() throws(BPFError) {
    try lock.withLock { (_) throws(BPFError) in
      if rings.isEmpty { try openRings() }
    }
  }

  override func take() throws(BPFError) -> Event? {
    try lock.withLock { (_) throws(BPFError) -> Event? in
      for ring in rings where ring.isExhausted { ring.refresh() }
      for _ in 0..<256 {
        guard let (record, bytes) = nextRecord() else {
          publish()
          return nil
        }
        if try decoder(bytes.bytes, record, room) { return room.move() }
      }
      return nil
    }
  }

  override func drain(_ limit: Int, _ body: (Event) throws -> Void) throws -> Int {
    var count = 0
    try consumeRecords(limit: limit) { (bytes, record) throws(any Error) in
      guard try decoder(bytes, record, room) else { return }
      count += 1
      try body(room.move())
    }
    return count
  }

  override func look() -> Look {
    lock.withLock { _ in
      publish()
      guard rings.contains(where: \.hasMore) else { return .nothing }
      for ring in rings where ring.isExhausted { ring.refresh() }
      if nextRing() != nil { return .ready }
      // All of them are younger than what is held back.
      guard case .byTime(let holdBack) = options.order else { return .nothing }
      return .later(Swift.max(holdBack.clampedNanoseconds, 1))
    }
  }

  private func publish() { for ring in rings { ring.publish() } }

  /// The next record of those that were looked at. Its bytes are valid until this is called again or the positions are
  /// published.
  private func nextRecord() -> (PerfRecord, UnsafeRawBufferPointer)? {
    while let ring = nextRing(), let item = ring.next() {
      switch item {
      case .record(let record, let bytes): return (record, bytes)
      case .lost(let count): lostCount += count
      case .other: break
      }
    }
    return nil
  }

  /// The ring whose turn it is, of those that have something.
  private func nextRing() -> PerfRing? {
    switch options.order {
    case .byCPU:
      for offset in rings.indices {
        let index = (first + offset) % rings.count
        if !rings[index].isExhausted {
          first = index
          return rings[index]
        }
      }
      first = 0
      return nil
    case .byTime(let holdBack):
      let now = holdBack > .zero ? KernelClock.monotonic() : .max
      let latest = now &- Swift.min(UInt64(holdBack.clampedNanoseconds), now)
      var oldest: (ring: PerfRing, time: UInt64)?
      for ring in rings {
        guard let time = ring.nextTime, time <= latest, time < oldest?.time ?? .max else { continue }
        oldest = (ring, time)
      }
      return oldest?.ring
    }
  }
}

extension PerfReader {
  /// Opens a map, with a decoder for its records.
  ///
  /// - Parameters:
  ///   - map: of type `perf_event_array`.
  ///   - options: how the rings are opened; nil leaves that to ``open(_:)`` or the first wait.
  ///   - decode: makes an event of a record's bytes; nil passes the record over. What it throws ends the loop (beneath a
  ///     ``BPFError``); the next loop goes on after the record.
  /// - Throws: ``BPFError`` for a map of another type.
  public convenience init(
    _ map: AnyMap, options: PerfOptions? = PerfOptions(),
    decode: @escaping @Sendable (RawSpan, PerfRecord) throws -> Event?
  ) throws(BPFError) {
    let subject = "map \(map.label)"
    try self.init(
      map, options,
      decoder: { bytes, record, place throws(BPFError) in
        do {
          guard let event = try decode(bytes, record) else { return false }
          place.initializeMemory(as: Event.self, to: event)
          return true
        } catch {
          throw .decoding(subject, error)
        }
      })
  }

  private convenience init(
    _ map: AnyMap, _ options: PerfOptions?, _ decoder: @escaping RecordDecoder
  ) throws(BPFError) {
    try self.init(map, options, decoder: { bytes, _, place throws(BPFError) in try decoder(bytes, place) })
  }

  /// Opens a map whose records are of this type. A record of another size ends the loop with an error.
  public convenience init(
    _ map: AnyMap, options: PerfOptions? = PerfOptions()
  ) throws(BPFError) where Event: BitwiseCopyable {
    // The kernel rounds records up.
    try self.init(map, options, Self.decoder(of: map, slack: 7))
  }

  /// Opens a map whose records end with an array. The kernel rounds records up, so that the last elements may be made of
  /// what is left over.
  public convenience init<Head: FlexibleRecord>(
    _ map: AnyMap, options: PerfOptions? = PerfOptions()
  ) throws(BPFError) where Event == Flexible<Head> {
    try self.init(map, options, Head.decoder(of: map))
  }

  /// Opens a map whose records are of no known type, or of several: copies of their bytes.
  public convenience init(
    _ map: AnyMap, options: PerfOptions? = PerfOptions()
  ) throws(BPFError) where Event == [UInt8] {
    try self.init(map, options, Self.copies())
  }
}

/// Where a record of a ``PerfReader`` comes from.
public struct PerfRecord: Sendable, Hashable {
  /// The CPU that wrote it.
  public var cpu: Int
  /// Nanoseconds of the monotonic clock, as `bpf_ktime_get_ns` counts.
  public var time: UInt64
}

/// How a ``PerfReader`` opens its rings.
public struct PerfOptions: Sendable, Hashable {
  /// Pages of data for each CPU, a power of two.
  public var pages: Int
  public var order: Order
  public var wakeup: Wakeup

  /// In which order records of different CPUs are handed over.
  public enum Order: Sendable, Hashable {
    /// One CPU after the other: the fastest.
    case byCPU
    /// By time. A record that is younger than `holdBack` waits, so that one from another CPU that is still being written
    /// can come before it.
    case byTime(holdBack: Duration = .zero)
  }

  /// How much a CPU writes before a reader that waits is woken.
  public enum Wakeup: Sendable, Hashable {
    case records(UInt32)
    case bytes(UInt32)

    var event: PerfEvent.Wakeup {
      switch self {
      case .records(let count): .events(max(count, 1))
      case .bytes(let count): .bytes(max(count, 1))
      }
    }
  }

  public init(pages: Int = 16, order: Order = .byTime(), wakeup: Wakeup = .records(1)) {
    self.pages = pages
    self.order = order
    self.wakeup = wakeup
  }
}
