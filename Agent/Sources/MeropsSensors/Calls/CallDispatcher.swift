// SPDX-License-Identifier: Apache-2.0
import BPF
import MeropsModel

/// Calls the sensors' programs where a system call ends, and has the maps that all objects share.
struct CallDispatcher: Sendable {
  private let object: Calls
  let filters: Filters
  /// Not 0 while the ring's reader looks by itself.
  private let reader: MappedArray<UInt32>

  var collection: BPFCollection { object.collection }
  var counters: PerCPUMap<UInt32, ClassCounts> { object.counters }

  /// How reports name the hook, and what it does not see.
  static let hook = "raw_tp/sys_exit"
  static let missing = "the calls of 32-bit programs"

  init(_ options: SensorOptions) throws {
    let opened = try Calls.open()
    try opened.collection.change(map: "events") { $0.maxEntries = UInt32(clamping: options.ringBytes) }
    try Filters.prepare(opened.collection, options.filters)
    object = try opened.load()
    filters = try Filters(object, options.filters)
    reader = try MappedArray(object.reader.map)
  }

  /// Lets a sensor's program record some system calls.
  func add(_ program: Program, as place: UInt8) throws(BPFError) {
    try object.programs.set(program, for: UInt32(place))
  }

  func add(_ calls: [(number: UInt32, call: SystemCall)]) throws(BPFError) {
    for (number, call) in calls { try object.calls.set(call, for: number) }
  }

  /// Lets an object of a sensor use the same ring, counters and filters.
  func shareMaps(with collection: BPFCollection) throws(BPFError) {
    try collection.replaceMap("events", with: object.collection.map("events"))
    try collection.replaceMap("counters", with: object.collection.map("counters"))
    try collection.replaceMap("reader", with: object.reader.map)
    try filters.share(with: collection)
  }

  /// Lets an object of a sensor use the same tables of calls.
  func share(with collection: BPFCollection) throws(BPFError) {
    try collection.replaceMap("programs", with: object.collection.map("programs"))
    try collection.replaceMap("calls", with: object.collection.map("calls"))
  }

  /// Whether records wake the reader.
  func setWakeups(_ isOn: Bool) { reader[0] = isOn ? 0 : 1 }

  /// Nothing is called before.
  func attach(_ links: LinkSet) throws(BPFError) { links.keep(try object.onCall.attach(), as: object.onCall.name) }
}

extension SystemCall {
  /// unshare, setns. Source: arch/x86/entry/syscalls/syscall_64.tbl, scripts/syscall.tbl.
  static var ofNamespaces: [(number: UInt32, call: SystemCall)] {
    #if arch(x86_64)
      let numbers: [UInt32] = [272, 308]
    #elseif arch(arm64)
      let numbers: [UInt32] = [97, 268]
    #else
      let numbers: [UInt32] = []
    #endif
    return numbers.map { ($0, SystemCall(CallProgram.namespaces, .processFork)) }
  }

  init(_ program: UInt8, _ kind: EventKind) {
    let none = Self.none
    self.init(
      program: program, kind: kind.rawValue, directory: none, name: none, targetDirectory: none, targetName: none,
      text: none, flags: none, mode: none, owner: none, group: none, descriptor: none)
  }
}
