// SPDX-License-Identifier: Apache-2.0
import BPF
import Foundation
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
  private let tasks: Tasks
  private let links = LinkSet()
  private let reading: Mutex<Reading>
  private let isStopped = Atomic(false)
  private let options: SensorOptions
  private let calls: CallDispatcher
  var filters: Filters { calls.filters }
  private let others: [any Sensor]
  private let fixedReports: [SensorReport]
  private let isAttached = Atomic(false)
  /// Lives as long as the kernel shall count.
  private let statistics: Program.RunTimeStatistics?

  /// What each sensor does on this kernel; a hook that cannot be attached is known once ``run(_:)`` has tried.
  public var reports: [SensorReport] { fixedReports + others.flatMap(\.reports) }

  /// Loads the programs; nothing is watched before ``run(_:)``.
  ///
  /// A sensor that the kernel does not allow is in ``reports``, and the rest runs.
  ///
  /// - Throws: `BPFError` if no event at all could be had.
  public init(_ options: SensorOptions = SensorOptions()) throws {
    self.options = options
    calls = try CallDispatcher(options)
    reading = Mutex(Reading(options, calls.filters))
    let maps = SharedMaps(calls: calls, hooks: FunctionHooks())
    let all: [([EventClass], @Sendable (SensorOptions, SharedMaps) throws -> any Sensor)] = [
      ([.file], { try OpenSensor($0, $1) }),
      ([.file], { try NameSensor($0, $1) }),
      ([.network, .dns], { try NetworkSensor($0, $1) }),
      ([.kernel], { try ActSensor($0, $1) }),
    ]
    let makers = all.filter { !options.classes.isDisjoint(with: $0.0) }
    let process = Mutex<ProcessObject?>(nil)
    let existing = Mutex<Tasks?>(nil)
    let made = Mutex([(any Sensor)?](repeating: nil, count: makers.count))
    let loads: [@Sendable () throws -> Void] = makers.indices.map { index in
      { [makers] in
        let sensor = try makers[index].1(options, maps)
        made.withLock { $0[index] = sensor }
      }
    }
    let failures = Self.atOnce(
      loads + [
        {
          let object = try Self.processObject(options, maps)
          process.withLock { $0 = object }
        },
        {
          let opened = try Tasks.open()
          try maps.share(with: opened.collection)
          let object = try opened.load()
          existing.withLock { $0 = object }
        },
      ])
    for case let failure? in failures[makers.count...] { throw failure }
    guard let object = process.withLock({ $0 }), let tasks = existing.withLock({ $0 }) else {
      throw BPFError(.closed, "loading the programs of processes")
    }
    (self.object, self.tasks) = (object, tasks)
    try calls.add(SystemCall.ofNamespaces)
    try calls.add(object.onNamespacesCall.program(), as: CallProgram.namespaces)
    others = made.withLock { $0.compactMap(\.self) }
    var reports = [
      SensorReport(sensor: "process.fork", hook: "tp_btf/sched_process_fork"),
      SensorReport(sensor: "process.exec", hook: "tp_btf/sched_process_exec"),
      SensorReport(sensor: "process.exit", hook: "tp_btf/sched_process_exit"),
    ]
    for (maker, failure) in zip(makers, failures) {
      guard let failure else { continue }
      reports += maker.0.map { SensorReport(sensor: $0.name, hook: nil, missing: "everything: \(failure.reason)") }
    }
    fixedReports = reports
    statistics = options.countsRunTime ? try Program.RunTimeStatistics() : nil
  }

  private static func processObject(_ options: SensorOptions, _ maps: SharedMaps) throws -> ProcessObject {
    let opened = try ProcessObject.open()
    try maps.share(with: opened.collection)
    opened.globals.withEnvironment = options.environmentNames.isEmpty ? 0 : 1
    return try opened.load()
  }

  /// What takes time is the kernel's verifier, which has one program at a time for each thread. The threads end here: those of a
  /// pool would keep the privileges of the one that starts them.
  ///
  /// - Returns: what each of them threw.
  private static func atOnce(_ bodies: [@Sendable () throws -> Void]) -> [(any Error)?] {
    let failures = Mutex([(any Error)?](repeating: nil, count: bodies.count))
    let ended = DispatchSemaphore(value: 0)
    for (index, body) in bodies.enumerated() {
      Thread.detachNewThread {
        do { try body() } catch { failures.withLock { $0[index] = error } }
        ended.signal()
      }
    }
    for _ in bodies { ended.wait() }
    return failures.withLock { $0 }
  }

  /// What became of the acts that the kernel's programs saw.
  ///
  /// A run that Linux left out, because the program interrupted itself on that CPU, counts as lost.
  public func counts() throws -> Counts {
    var counts = Counts()
    for eventClass in EventClass.allCases {
      counts[eventClass] = try countsByProcessor(eventClass).reduce(Counts.Entry(), +)
    }
    for (eventClass, count) in try missed() { counts[eventClass].lost += count }
    return counts
  }

  /// What each of the kernel's programs has cost since it was loaded. The kernel counts it with
  /// ``SensorOptions/countsRunTime``, and while kernel.bpf_stats_enabled is 1.
  public func costs() throws -> [ProgramCost] {
    let objects = [("process", object.collection), ("calls", calls.collection)] + others.flatMap(\.objects)
    return try objects.flatMap { name, collection in
      try collection.programs.map { program in
        let sample = try program.sample()
        return ProgramCost(
          name: "\(name).\(program.name)", hook: program.spec?.sectionName ?? "", runs: sample.runCount,
          time: sample.runTime)
      }
    }
  }

  /// What the kernel's programs counted of a class on each CPU.
  func countsByProcessor(_ eventClass: EventClass) throws -> [Counts.Entry] {
    (try calls.counters.get(UInt32(eventClass.rawValue)) ?? []).map {
      Counts.Entry(recorded: $0.recorded, filtered: $0.filtered, limited: $0.limited, lost: $0.lost)
    }
  }

  /// Runs of programs that Linux left out, by the class of the acts that they would have counted.
  func missed() throws -> [(EventClass, UInt64)] {
    var missed: [(EventClass, UInt64)] = []
    for program in object.collection.programs { missed.append((.process, try program.info().recursionMisses)) }
    // Whatever the system call was: most of those that are recorded are about files.
    for program in calls.collection.programs { missed.append((.file, try program.info().recursionMisses)) }
    for sensor in others { missed.append((sensor.eventClass, try sensor.missed())) }
    return missed
  }

  /// What was read of each class, and what is missing in the CPUs' sequences.
  func accounts() throws -> Accounts {
    var accounts = reading.withLock { $0.accounts }
    for eventClass in EventClass.allCases {
      guard let values = try calls.counters.get(UInt32(eventClass.rawValue)) else { continue }
      for (processor, value) in values.enumerated() {
        accounts.note(eventClass, processor, value.sequence, isRead: false)
      }
    }
    return accounts
  }

  /// Attaches the programs, and reads which processes there are. What happens from then on waits in the ring for
  /// ``run(_:)``.
  ///
  /// What follows needs fewer privileges: see ``SensorPrivileges``.
  public func attach() throws {
    guard !isAttached.exchange(true, ordering: .relaxed) else { return }
    // First what adds processes, then those that there are: every process is in the table before any event names it.
    // Then what takes processes out: the end of one that is in the table is not missed, but for those that ended between,
    // which the sweep finds.
    for program in [
      object.onFork, object.onExec, object.onCgroupCreated, object.onCgroupRemoved, object.onCgroupEntered,
    ] {
      links.keep(try program.attach(), as: program.name)
    }
    try takeSnapshot()
    links.keep(try object.onExit.attach(), as: object.onExit.name)
    for sensor in others { try sensor.attach(links) }
    if !others.isEmpty { try calls.attach(links) }
  }

  /// Hands over events until ``stop()``; attaches first where nobody has.
  ///
  /// - Parameters:
  ///   - deliver: called on this thread, and not before it has returned. The kernel goes on meanwhile as long as
  ///     the ring has room: let it be quick.
  ///   - idle: called where there is nothing to deliver, every 100 ms at least: lower ids than the given one come no more, and
  ///     those since the last batch are free.
  public func run(_ deliver: (EventBatch) -> Void, idle: (EventID) -> Void = { _ in }) throws {
    defer { links.removeAll() }
    try attach()
    var isFirst = true
    // Looks that found nothing since the last record; nil while records wake this thread.
    var emptyLooks: Int?
    var nextCollection = ContinuousClock.now + Self.collectionInterval
    while !isStopped.load(ordering: .acquiring) {
      let count = drain(deliver, idle)
      if ContinuousClock.now >= nextCollection {
        try collect()
        nextCollection = ContinuousClock.now + Self.collectionInterval
      }
      if count > 0 || emptyLooks != nil {
        // A wakeup takes longer than all else about most records, and what happens mostly comes in numbers: after some
        // records the reader looks by itself, until it has found nothing for a while. Before it waits again it looks once
        // more: a program may have left out a wakeup while it was told not to.
        emptyLooks = count > 0 ? 0 : emptyLooks.map { $0 + 1 }
        if emptyLooks == Self.lookLimit { emptyLooks = nil }
        calls.setWakeups(emptyLooks == nil)
        if count < options.batchLimit { usleep(Self.gathering) }
        continue
      }
      if isFirst {
        reading.withLock { $0.table.sweep() }
        isFirst = false
      }
      if try !object.events.wait(timeout: .milliseconds(100)) {
        reading.withLock { $0.finishPending() }
      }
    }
    links.removeAll()
    // A program that was preempted finishes its record a moment later, and until then nobody reads what is behind.
    for _ in 0..<100 {
      while drain(deliver) > 0 {}
      if try hasReadAll() { break }
      usleep(Self.gathering)
    }
    try collect(isLast: true)
    reading.withLock { $0.finishPending() }
    _ = drain(deliver)
  }

  private func hasReadAll() throws -> Bool {
    let accounts = reading.withLock { $0.accounts }
    return try EventClass.allCases.allSatisfy { eventClass in
      try countsByProcessor(eventClass).reduce(0) { $0 + $1.recorded } <= accounts[eventClass].read
    }
  }

  /// How long records gather, in microseconds.
  private static let gathering: UInt32 = 1000

  /// After how many looks that find nothing the reader waits.
  private static let lookLimit = 4

  /// How often what is kept in maps is looked at.
  private static let collectionInterval = Duration.seconds(5)

  private func collect(isLast: Bool = false) throws {
    try filters.refresh()
    try reading.withLock { reading in
      for sensor in others { try sensor.collect(into: &reading, isLast: isLast) }
    }
  }

  /// Hands over what is in the ring, one batch at most; returns how many records were read.
  private func drain(_ deliver: (EventBatch) -> Void, _ idle: (EventID) -> Void = { _ in }) -> Int {
    let (count, batch, next) = reading.withLock { reading in
      reading.setClock()
      let next = reading.nextID
      let count = object.events.consumeRecords(limit: options.batchLimit) { reading.take($0) }
      return (count, reading.batch(), next)
    }
    if let batch { deliver(batch) } else { idle(next) }
    return count
  }

  private func takeSnapshot() throws {
    let iterator = try tasks.onTask.attach()
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

  /// The process that had a number at a time, as it was then; some seconds after its end it is forgotten.
  ///
  /// - Parameters:
  ///   - time: nanoseconds since boot.
  ///   - afterExec: the program that began at that time, and not the one before it.
  public func process(_ pid: UInt32, at time: UInt64, afterExec: Bool) -> MeropsModel.Process? {
    reading.withLock { $0.table.find(pid, at: time, afterExec: afterExec) }
  }
}
