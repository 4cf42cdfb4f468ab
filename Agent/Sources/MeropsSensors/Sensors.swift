// SPDX-License-Identifier: Apache-2.0
import BPF
import Glibc
public import MeropsModel
import Synchronization

/// Watches what processes do, through programs in the kernel.
///
///     let sensors = try Sensors(SensorOptions())
///     try sensors.run { batch in for event in batch { ... } }      // until another thread calls stop()
///
/// - Requires: Linux 5.10; root, or CAP_BPF, CAP_PERFMON and what /proc asks for.
public final class Sensors: Sendable {
  private let object: ProcessObject
  private let counters: PerCPUMap<UInt32, ClassCounts>
  private let links = LinkSet()
  private let reading: Mutex<Reading>
  private let isStopped = Atomic(false)
  private let options: SensorOptions
  private let calls: CallDispatcher
  private let others: [any Sensor]
  private let fixedReports: [SensorReport]

  /// What each sensor does on this kernel; a hook that cannot be attached is known once ``run(_:)`` has tried.
  public var reports: [SensorReport] { fixedReports + others.flatMap(\.reports) }

  /// Loads the programs; nothing is watched before ``run(_:)``.
  ///
  /// A sensor that the kernel does not allow is in ``reports``, and the rest runs.
  ///
  /// - Throws: `BPFError` if no event at all could be had.
  public init(_ options: SensorOptions = SensorOptions()) throws {
    self.options = options
    let opened = try ProcessObject.open()
    try opened.collection.change(map: "events") { $0.maxEntries = UInt32(clamping: options.ringBytes) }
    opened.globals.withEnvironment = options.environmentNames.isEmpty ? 0 : 1
    object = try opened.load()
    counters = object.counters
    reading = Mutex(Reading(environmentNames: options.environmentNames))
    var reports = [
      SensorReport(sensor: "process.fork", hook: "tp_btf/sched_process_fork"),
      SensorReport(sensor: "process.exec", hook: "tp_btf/sched_process_exec"),
      SensorReport(sensor: "process.exit", hook: "tp_btf/sched_process_exit"),
    ]
    calls = try CallDispatcher()
    let maps = SharedMaps(
      ring: try object.collection.map("events"), counters: try object.collection.map("counters"), calls: calls)
    let makers: [([EventClass], (SensorOptions, SharedMaps) throws -> any Sensor)] = [
      ([.file], { try FileSensor($0, $1) }),
      ([.network, .dns], { try NetworkSensor($0, $1) }),
      ([.kernel], { try ActSensor($0, $1) }),
    ]
    var others: [any Sensor] = []
    for (classes, make) in makers where !options.classes.isDisjoint(with: classes) {
      do {
        others.append(try make(options, maps))
      } catch {
        reports += classes.map { SensorReport(sensor: $0.name, hook: nil, missing: "\(error)") }
      }
    }
    self.others = others
    fixedReports = reports
  }

  /// What became of the acts that the kernel's programs saw.
  ///
  /// A run that Linux left out, because the program interrupted itself on that CPU, counts as lost.
  public func counts() throws -> Counts {
    var counts = Counts()
    for eventClass in EventClass.allCases {
      guard let values = try counters.get(UInt32(eventClass.rawValue)) else { continue }
      counts[eventClass] = values.reduce(into: Counts.Entry()) { entry, value in
        entry.recorded += value.recorded
        entry.filtered += value.filtered
        entry.lost += value.lost
      }
    }
    for program in object.collection.programs { counts[.process].lost += try program.info().recursionMisses }
    for sensor in others { counts[sensor.eventClass].lost += try sensor.missed() }
    return counts
  }

  /// What was read of each class, and what is missing in the CPUs' sequences.
  func accounts() throws -> Accounts {
    var accounts = reading.withLock { $0.accounts }
    for eventClass in EventClass.allCases {
      guard let values = try counters.get(UInt32(eventClass.rawValue)) else { continue }
      for (processor, value) in values.enumerated() {
        accounts.note(eventClass, processor, value.sequence &+ 1, isRead: false)
      }
    }
    return accounts
  }

  /// Attaches the programs, reads which processes there are, and then hands over events until ``stop()``.
  ///
  /// - Parameter deliver: called on this thread, and not before it has returned. The kernel goes on meanwhile as long as
  ///   the ring has room: let it be quick.
  public func run(_ deliver: (EventBatch) -> Void) throws {
    defer { links.removeAll() }
    // First what adds processes, then those that there are: every process is in the table before any event names it.
    // Then what takes processes out: the end of one that is in the table is not missed, but for those that ended between,
    // which the sweep finds.
    for program in [object.onFork, object.onExec, object.onCgroupCreated, object.onCgroupRemoved] {
      links.keep(try program.attach(), as: program.name)
    }
    try takeSnapshot()
    links.keep(try object.onExit.attach(), as: object.onExit.name)
    for sensor in others { try sensor.attach(links) }
    if !others.isEmpty { try calls.attach(links) }
    var isFirst = true
    var nextCollection = ContinuousClock.now + Self.collectionInterval
    while !isStopped.load(ordering: .acquiring) {
      let count = drain(deliver)
      if ContinuousClock.now >= nextCollection {
        try collect()
        nextCollection = ContinuousClock.now + Self.collectionInterval
      }
      if count >= Self.load {
        // The kernel wakes the reader for a record that it would find at once, and that is most of a record's cost. Under
        // load the reader lets some gather; the ring has room for much more.
        if count < options.batchLimit { usleep(1000) }
        continue
      }
      if count > 0 { continue }
      if isFirst {
        reading.withLock { $0.table.sweep() }
        isFirst = false
      }
      if try !object.events.wait(timeout: .milliseconds(500)) {
        reading.withLock { $0.finishPending() }
      }
    }
    links.removeAll()
    while drain(deliver) > 0 {}
    try collect(isLast: true)
    reading.withLock { $0.finishPending() }
    _ = drain(deliver)
  }

  /// So many records at once are load.
  private static let load = 32

  /// How often what is kept in maps is looked at.
  private static let collectionInterval = Duration.seconds(5)

  private func collect(isLast: Bool = false) throws {
    try reading.withLock { reading in
      for sensor in others { try sensor.collect(into: &reading, isLast: isLast) }
    }
  }

  /// Hands over what is in the ring, one batch at most; returns how many records were read.
  private func drain(_ deliver: (EventBatch) -> Void) -> Int {
    let (count, batch) = reading.withLock { reading in
      reading.setClock()
      let count = object.events.consumeRecords(limit: options.batchLimit) { reading.take($0) }
      return (count, reading.batch())
    }
    if let batch { deliver(batch) }
    return count
  }

  private func takeSnapshot() throws {
    let iterator = try object.onTask.attach()
    let bytes = try iterator.output()
    reading.withLock { $0.takeSnapshot(bytes) }
  }

  /// Ends ``run(_:)``, from any thread: what happened before is still handed over.
  public func stop() {
    isStopped.store(true, ordering: .releasing)
    object.events.wake()
  }

  /// The process that has a number now, as the sensors know it.
  public func process(_ pid: UInt32) -> MeropsModel.Process? { reading.withLock { $0.table[pid] } }
}
