// SPDX-License-Identifier: Apache-2.0
import BPF
import MeropsModel
import Synchronization

/// Reports files that are opened, or mapped as code.
struct OpenSensor: Sensor {
  let eventClass = EventClass.file
  let reports: [SensorReport]
  private let object: Opens
  /// The hook of opens; nil where there is none.
  private let openHook: String?
  private let repeatTime: UInt64
  private let delivered = Delivered()

  var collection: BPFCollection { object.collection }
  var objects: [(name: String, collection: BPFCollection)] { [("opens", collection)] }

  init(_ options: SensorOptions, _ maps: SharedMaps) throws {
    let files = options.files
    repeatTime = files.repeatTime.nanoseconds
    // The first one is where an open ends, but a compiler may make it a part of other functions.
    let choices = [["afterFileOpen", "onFileMap"], ["onFileOpen", "onFileMap"]]
    let loaded = try Opens.load(withFirstOf: choices, maps.hooks) { opened, choice in
      try maps.share(with: opened.collection)
      try maps.calls.share(with: opened.collection)
      opened.globals.hasIgnoredDirectories = files.ignoredDirectories.isEmpty ? 0 : 1
      opened.globals.repeatTime = files.repeatTime.nanoseconds
      opened.globals.withMissingFiles = files.withMissingFiles ? 1 : 0
      opened.globals.byHooks = choice == nil ? 0 : 1
    }
    object = loaded.object
    openHook = loaded.choice.map { choices[$0][0] }
    let hasHooks = openHook != nil

    try maps.calls.add(SystemCall.ofOpens)
    try maps.calls.add(object.onOpenCall.program(), as: CallProgram.open)
    if !hasHooks {
      try maps.calls.add(SystemCall.ofMaps)
      try maps.calls.add(object.onMapCall.program(), as: CallProgram.map)
    }
    for directory in files.ignoredDirectories {
      guard let identity = FileIdentity(of: directory) else { continue }
      try object.ignoredDirectories.set(1, for: identity)
      try object.ignoredDevices.set(1, for: UInt32(truncatingIfNeeded: identity.device))
    }

    let calls = CallDispatcher.hook
    let thirtyTwo = CallDispatcher.missing
    let refusal = loaded.refusal.map { "the kernel refuses fexit programs (\($0))" } ?? ""
    let ofHooks = "failed opens by io_uring and \(thirtyTwo)"
    let (hook, missing) =
      switch loaded.choice {
      case 0: ("fexit/do_dentry_open, \(calls)", ofHooks)
      case 1:
        (
          "fexit/security_file_open, \(calls)",
          "\(ofHooks); an open that fails behind that hook, as of a FIFO that nobody reads, is told twice"
        )
      default: (calls, "opens by io_uring and \(thirtyTwo): \(refusal)")
      }
    reports = [
      SensorReport(sensor: "file.open, file.create, file.write", hook: hook, missing: missing),
      SensorReport(
        sensor: "file.mmap_exec", hook: hasHooks ? "fexit/security_mmap_file" : calls,
        missing: hasHooks ? nil : "\(thirtyTwo): \(refusal)"),
    ]
  }

  func attach(_ links: LinkSet) throws {
    guard let openHook else { return }
    links.keep(try object.collection.program(openHook).attach(), as: openHook)
    links.keep(try object.onFileMap.attach(), as: object.onFileMap.name)
  }

  /// Reports repeated opens that nobody repeats any more: a program reports the others with the next open.
  ///
  /// The kernel's map forgets the file that was opened least recently when it has no room for another one. What it counted
  /// is then the difference between all repeats and those that were reported or are still in the map.
  func collect(into reading: inout Reading, isLast: Bool) throws {
    let now = Reading.sinceBoot()
    // Read before the map, while `reported` is read behind it: a repeat that comes between is never taken for a forgotten one.
    let counted = try sum(\.counted)
    var left: UInt64 = 0
    var over: [(key: OpenKey, value: OpenRepeats)] = []
    try object.opens.forEachChunk { keys, values in
      for index in keys.indices {
        if isLast || values[index].time &+ 2 &* repeatTime < now {
          over.append((keys[index], values[index]))
        } else {
          left &+= values[index].count
        }
      }
    }
    for (key, repeats) in over {
      try object.opens.delete(key)
      if repeats.count > 0 { reading.takeRepeats(key, repeats) }
    }
    let reported = try sum(\.reported)
    let forgotten = delivered.add(over.reduce(0) { $0 &+ $1.value.count }, counted: counted, known: left &+ reported)
    if forgotten > 0 { reading.takeForgottenRepeats(forgotten) }
  }

  private func sum(_ part: KeyPath<RepeatCounts, UInt64>) throws -> UInt64 {
    try object.repeated.get(0)?.reduce(0) { $0 &+ $1[keyPath: part] } ?? 0
  }

  /// Repeats that were made events of here.
  private final class Delivered: Sendable {
    private let count = Mutex<UInt64>(0)

    /// Adds repeats, and those that are missing; returns how many are missing.
    func add(_ more: UInt64, counted: UInt64, known: UInt64) -> UInt64 {
      count.withLock { count in
        count &+= more
        let missing = counted > known &+ count ? counted &- known &- count : 0
        count &+= missing
        return missing
      }
    }
  }
}

extension Duration {
  var nanoseconds: UInt64 {
    UInt64(clamping: components.seconds) * 1_000_000_000 + UInt64(clamping: components.attoseconds / 1_000_000_000)
  }
}
