// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import MeropsModel

/// The thread that writes: it alone opens, begins, removes and sets aside segments.
final class StoreWriter: @unchecked Sendable {
  let options: StoreOptions
  let folder: StoreFolder
  private let state: Monitor<EventStore.State>
  /// What follows belongs to the thread; before it starts, to whoever opens the store.
  private var writer: SegmentWriter?
  private var nextNumber = 1
  private var nextRetention: UInt64 = 0
  private var age = AgeClock(latest: nil)
  private var nextTry: UInt64 = 0
  private var failingSince: UInt64?
  /// The last try, while closing, failed too.
  private var isGivingUp = false

  init(_ folder: StoreFolder, _ options: StoreOptions, _ state: Monitor<EventStore.State>) {
    self.folder = folder
    self.options = options
    self.state = state
  }

  func start() throws {
    let numbers = try folder.segments()
    nextNumber = (numbers.last ?? 0) + 1
    for number in numbers {
      do {
        if number == numbers.last {
          try begin(number)
        } else {
          let segment = try Segment.openForReading(folder.file(number), number: number)
          state.withLock { $0.segments.append(segment) }
        }
      } catch  where number == numbers.last && !Segment.isDamage(error) && !Segment.isNewer(error) {
        nextNumber = number
        fail(error)
      } catch {
        setAside(number, because: error)
      }
    }
    state.withLock { state in
      state.newest = state.segments.compactMap(\.summary.last).max()
      age = AgeClock(latest: state.segments.filter { $0.summary.events > 0 }.map(\.summary.latest).max())
    }
    // Now rather than with the first events: status tells at once whether the disk takes them.
    if failingSince == nil { do { try openIfNeeded() } catch { fail(error) } }
    let thread = Thread { self.run() }
    thread.name = "merops.store"
    thread.start()
  }

  /// Ends the thread, after it has written what waits.
  func stop() {
    state.withLock { $0.isClosing = true }
    state.notify()
    state.wait { $0.isClosed ? .done(()) : .until(Moment.in(1)) }
  }

  private enum Work {
    case write([EventBatch])
    case tidy
    case end
  }

  private func run() {
    var goesOn = true
    while goesOn {
      switch state.wait(next) {
      case .write(let batches): write(batches)
      case .tidy: tidy()
      case .end: goesOn = false
      }
    }
    state.withLock { state in
      let lost = state.recent.waitingEvents
      state.status.dropped += UInt64(lost)
      state.recent.forget()
      saveCursors(state.cursors)
    }
    do { try (writer.take())?.close() } catch { options.report("The store's last file did not close: \(error).") }
    folder.release()
    state.withLock { state in
      state.segments = []
      state.status.state = .closed
      state.isClosed = true
    }
    state.notify()
  }

  /// What there is to do now, or when to ask again.
  private func next(_ state: inout EventStore.State) -> Waiting<Work> {
    let now = Moment.now
    if !state.damaged.isEmpty || now >= nextRetention { return .done(.tidy) }
    // After a failure only the clock counts, and a last try at the end.
    let mayTry = failingSince == nil || now >= nextTry || state.isClosing
    let isWanted =
      state.isClosing || state.wantedBatch > state.recent.done || state.due.map { now >= $0 } ?? false
      || state.recent.takeableBytes >= options.commitBytes
    if state.recent.isWaiting {
      if mayTry, isWanted {
        if isGivingUp { return .done(.end) }
        let batches = state.recent.take(upTo: max(options.commitBytes, 1))
        // What is left is as old.
        state.due = state.recent.isWaiting ? now : nil
        return .done(.write(batches))
      }
    } else if state.isClosing {
      return .done(.end)
    } else if failingSince != nil, now >= nextTry {
      return .done(.tidy)
    }
    var moment = nextRetention
    if failingSince != nil { moment = min(moment, nextTry) } else if let due = state.due { moment = min(moment, due) }
    return .until(moment)
  }

  private func write(_ batches: [EventBatch]) {
    let begin = Moment.now
    if let segment = writer?.segment, !segment.isInPlace { forgetWhatIsGone() }
    do {
      try openIfNeeded()
      let repeated = try writer?.write(batches) ?? 0
      let seconds = Double(Moment.now - begin) / 1e9
      let written = batches.reduce(0) { $0 + $1.count } - repeated
      succeed()
      state.withLock { state in
        state.recent.settle()
        state.status.written += UInt64(written)
        state.status.repeated += UInt64(repeated)
        state.status.commits += 1
        state.status.commitSeconds += seconds
      }
      keepWithinLimits()
      state.withLock { $0.doneBatch = $0.recent.done }
    } catch {
      state.withLock { state in
        state.recent.giveBack()
        // Whoever waits for the disk is told that it takes nothing.
        state.failures += 1
        state.due = begin
        isGivingUp = state.isClosing
      }
      fail(error)
    }
    state.notify()
  }

  /// What is done now and then, or after a query met a damaged file.
  private func tidy() {
    let damaged = state.withLock { state in
      defer { state.damaged = [] }
      return state.damaged
    }
    for number in damaged.sorted() {
      setAside(number, because: DatabaseError(resultCode: .SQLITE_CORRUPT))
    }
    forgetWhatIsGone()
    do {
      try openIfNeeded()
      if failingSince != nil, state.withLock({ !$0.recent.isWaiting }) { succeed() }
    } catch {
      fail(error)
    }
    keepWithinLimits()
  }
}

/// The time by which events are old: a clock that is ahead, or jumps ahead, would have the store forget all it has.
struct AgeClock {
  private let opened: UInt64
  private let openedSinceBoot: UInt64
  /// The latest event that the store had when it was opened.
  private let latest: UInt64?

  /// How long the clock may be wrong after the store is opened, in nanoseconds: as long, no more time counts than has passed
  /// since the latest event, and the store's own.
  static let patience: UInt64 = 3_600_000_000_000

  init(latest: UInt64?, clock: UInt64 = Self.read(CLOCK_REALTIME), sinceBoot: UInt64 = Self.read(CLOCK_BOOTTIME)) {
    (self.latest, opened, openedSinceBoot) = (latest, clock, sinceBoot)
  }

  /// Nanoseconds since 1970: by the clock, but no later than the time that has passed allows.
  func now(clock: UInt64 = Self.read(CLOCK_REALTIME), sinceBoot: UInt64 = Self.read(CLOCK_BOOTTIME)) -> UInt64 {
    let passed = sinceBoot - min(sinceBoot, openedSinceBoot)
    let start = passed < Self.patience ? min(opened, latest ?? opened) : opened
    return min(clock, start + passed)
  }

  static func read(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(max(0, time.tv_sec)) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

// Segments.
extension StoreWriter {
  private func begin(_ number: Int) throws {
    let (segment, pool) = try Segment.openForWriting(
      folder.file(number), number: number, maximumPages: options.maximumPages)
    writer = try SegmentWriter(segment, pool)
    nextNumber = max(nextNumber, number + 1)
    state.withLock { state in
      state.segments.removeAll { $0.number == number }
      state.segments.append(segment)
    }
  }

  private func openIfNeeded() throws {
    guard writer == nil else { return }
    try folder.restore()
    // After an error the same segment goes on, with what it says.
    if let segment = state.withLock({ $0.segments.last }), segment.isWritten {
      try begin(segment.number)
    } else {
      try begin(nextNumber)
    }
  }

  /// Passes over the files that somebody removed, or put another file in the place of: SQLite would go on reading and writing
  /// what has no name any more.
  private func forgetWhatIsGone() {
    let gone = state.withLock { state in
      let gone = state.segments.filter { !$0.isInPlace }
      state.segments.removeAll { segment in gone.contains { $0 === segment } }
      return gone
    }
    guard let first = gone.first else { return }
    if let segment = writer?.segment, gone.contains(where: { $0 === segment }) { writer = nil }
    let events = gone.reduce(0) { $0 + $1.summary.events }
    options.report(
      "Somebody removed \(gone.count == 1 ? first.url.path : "\(gone.count) files of \(folder.url.path)"), with \(events) "
        + "events: they are gone. The store goes on with a new file.")
    state.withLock { $0.status.removed += UInt64(events) }
  }

  private func setAside(_ number: Int, because error: any Error) {
    let file = folder.file(number).path
    var name = Segment.fileName(number)
    if writer?.segment.number == number { writer = nil }
    state.withLock { state in state.segments.removeAll { $0.number == number } }
    if Segment.isDamage(error) {
      name = folder.setAside(number)
      options.report("The store moved \(file) aside, as \(name): SQLite cannot read it. It goes on with a new file.")
    } else {
      options.report("The store leaves \(file) alone: \(error)")
    }
    state.withLock { $0.status.setAside.append(name) }
  }

  /// Begins the next segment when this one is full, and removes the oldest where there are too many or they are too old.
  private func keepWithinLimits() {
    nextRetention = Moment.in(10)
    let now = age.now()
    let oldest = options.maximumAge.map { now - min(now, Moment.nanoseconds($0)) }
    if let segment = writer?.segment {
      let grain = (options.maximumAge ?? .infinity) / 16
      let isOld = now > segment.summary.earliest && Double(now - segment.summary.earliest) / 1e9 > grain
      if segment.summary.events > 0, isOld || segment.bytes >= options.segmentLimit {
        do {
          try writer?.seal()
          writer = nil
          try begin(nextNumber)
        } catch {
          fail(error)
        }
      }
    }
    while true {
      let segments = state.withLock { $0.segments }
      guard segments.count > 1, let first = segments.first else { return }
      let isTooMuch = segments.reduce(0) { $0 + $1.bytes } > options.maximumBytes
      guard isTooMuch || oldest.map({ first.summary.latest < $0 }) ?? false else { return }
      let cursors = state.withLock { $0.cursors.values.filter { $0.position < first.summary.last ?? $0.position } }
      let missed = cursors.map { (try? first.count(after: $0.position)) ?? first.summary.events }
      state.withLock { state in
        state.segments.removeAll { $0.number == first.number }
        state.status.expired += UInt64(first.summary.events)
        for (cursor, count) in zip(cursors, missed) { state.cursors[cursor.name]?.missed += UInt64(count) }
      }
      folder.remove(first)
    }
  }
}

// Failures.
extension StoreWriter {
  private func fail(_ error: any Error) {
    let segment = writer?.segment ?? state.withLock { $0.segments.last }
    writer = nil
    if Segment.isDamage(error), let segment {
      setAside(segment.number, because: error)
      nextTry = 0
      return
    }
    nextTry = Moment.in(options.retryInterval)
    let reason = reason(error)
    state.withLock { $0.status.state = .memoryOnly(reason) }
    if failingSince == nil {
      failingSince = Moment.now
      options.report("\(reason) Events stay in memory, \(options.queueBytes >> 10) KB of them, until it does.")
    }
  }

  private func reason(_ error: any Error) -> String {
    let path = folder.url.path
    let code = (error as? DatabaseError)?.resultCode
    if code == .SQLITE_FULL { return "The disk of \(path) is full: the store takes nothing more." }
    return "The store cannot write to \(path): \(error)."
  }

  private func succeed() {
    guard let since = failingSince else { return }
    failingSince = nil
    let dropped = state.withLock { state in
      state.status.state = .storing
      return state.recent.dropped
    }
    options.report(
      "The store writes again, after \((Moment.now - since) / 1_000_000_000) seconds; "
        + "\(dropped) events have been dropped since it was opened.")
  }

  private func saveCursors(_ cursors: [String: CursorPlace]) {
    for cursor in cursors.values {
      do { try cursor.save(in: folder) } catch { options.report("The cursor \(cursor.name) was not saved: \(error).") }
    }
  }
}
