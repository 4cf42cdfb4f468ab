// SPDX-License-Identifier: Apache-2.0
import Glibc
import MeropsModel

/// Makes events of the kernel's records. Used by the thread that reads the ring.
struct Reading: ~Copyable {
  var table = ProcessTable()
  var cgroups: CgroupTable
  var dnsQuestions = DNSQuestions()
  var dnsStreams = DNSStreams()
  private var builder = EventBatchBuilder()
  /// The sensors give no lower id any more. Ids between the last batch's and this one are free for events of other sources.
  private(set) var nextID: EventID
  /// From the time since boot to the time since 1970.
  private var sinceBoot: UInt64 = 0
  let pageSize = UInt64(max(1, sysconf(CInt(_SC_PAGESIZE))))

  /// Records by class, and the gaps between them.
  var accounts = Accounts()

  // Room that is used again for every record.
  var facts = Facts()
  var path: [UInt8] = []

  /// Execs whose arguments take more than one record, by CPU.
  var pending: [PendingExec?] = []

  struct PendingExec {
    var record: ProcessRecord
    var bytes: [UInt8]
    var isCut = false
    var environment: [UInt8] = []
  }

  /// The names of the environment variables that are kept.
  let environmentNames: [[UInt8]]
  let redaction: Redaction
  let filters: Filters

  init(_ options: SensorOptions, _ filters: Filters) {
    environmentNames = options.environmentNames.map { Array($0.utf8) }
    redaction = Redaction(options.redactions)
    self.filters = filters
    cgroups = CgroupTable(options.containers) { filters.noteCgroup($0, $1) }
    nextID = options.newestID ?? EventID(rawValue: 0)
    setClock()
  }

  /// Looks at the clocks: before each lot of records.
  mutating func setClock() {
    let now = Self.nanoseconds(CLOCK_REALTIME)
    sinceBoot = now &- Self.nanoseconds(CLOCK_BOOTTIME)
    // Ids ascend, also where the clock was set back, with room between two lots for what the agent reports of itself.
    nextID = max(nextID.farNext, EventID.first(at: now))
  }

  static func sinceBoot() -> UInt64 { nanoseconds(CLOCK_BOOTTIME) }

  private static func nanoseconds(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// Takes one record of the ring.
  mutating func take(_ bytes: RawSpan) {
    guard let header: EventHeader = bytes.head() else { return }
    // What is left out has no number of its own.
    switch header.kind {
    case _ where header.isLeftOut: break
    case RecordKind.fork, RecordKind.exec, RecordKind.exit:
      accounts.note(.process, Int(header.processor), header.sequence, isRead: true)
    case RecordKind.event...:
      if let kind = EventKind(rawValue: UInt8(truncatingIfNeeded: header.kind)) {
        accounts.note(kind.eventClass, Int(header.processor), header.sequence, isRead: true)
      }
    default: break
    }
    switch header.kind {
    case RecordKind.fork, RecordKind.exec:
      finishPending(of: Int(header.processor))
      takeProcess(bytes)
    case RecordKind.arguments, RecordKind.environment: takeArguments(bytes)
    case RecordKind.exit:
      finishPending(of: Int(header.processor))
      takeExit(bytes)
    case RecordKind.change: takeChange(bytes)
    case RecordKind.cgroupCreated, RecordKind.cgroupRemoved: takeCgroup(bytes)
    default:
      guard header.kind & RecordKind.event != 0, let kind = EventKind(rawValue: UInt8(truncatingIfNeeded: header.kind))
      else { return }
      switch kind.eventClass {
      case .file: takeFile(bytes, kind)
      case .network: takeSocket(bytes, kind)
      case .process, .kernel: takeAct(bytes, kind)
      case .dns: takeDNS(bytes, kind)
      default: break
      }
    }
  }

  /// Appends an event with the facts that were collected, unless it is left out.
  mutating func append(_ kind: EventKind, _ header: EventHeader, by process: MeropsModel.Process) {
    defer { facts.removeAll() }
    if header.isLeftOut { return }
    builder.append(kind, id: nextID, time: header.time &+ sinceBoot, by: process, facts)
    nextID.rawValue += 1
  }

  /// The events since the last call; nil if there are none.
  mutating func batch() -> EventBatch? { builder.isEmpty ? nil : builder.finish() }
}

extension EventHeader {
  var isLeftOut: Bool { flags & RecordFlags.isLeftOut != 0 }
}

/// Records that arrived, and those that did not: by class, from the numbers that each CPU gives.
struct Accounts {
  struct Entry {
    var read: UInt64 = 0
    /// Of each CPU. Where one program is preempted by another, records are not in the order of their numbers.
    fileprivate var highest: [UInt64] = []

    var missing: UInt64 { highest.reduce(0, &+) &- read }
  }

  private var entries = [Entry](repeating: Entry(), count: EventClass.allCases.count)

  subscript(eventClass: EventClass) -> Entry { entries[Int(eventClass.rawValue)] }

  mutating func note(_ eventClass: EventClass, _ processor: Int, _ sequence: UInt64, isRead: Bool) {
    let index = Int(eventClass.rawValue)
    while entries[index].highest.count <= processor { entries[index].highest.append(0) }
    entries[index].highest[processor] = max(entries[index].highest[processor], sequence)
    if isRead { entries[index].read += 1 }
  }
}
