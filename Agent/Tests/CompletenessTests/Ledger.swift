// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel

/// What `merops-workload` says it did, by process and in order.
struct Ledger {
  struct Act: Hashable, CustomStringConvertible {
    let kind: String
    /// The error number; of an exit, the exit code.
    let error: Int
    let first: String
    let second: String
    /// The user and group, the cgroup, and the mount, network, user and PID namespaces.
    var who: String

    var description: String { "\(kind) \(first) \(second) (\(error)) by \(who)" }
  }

  private(set) var acts: [UInt32: [Act]] = [:]

  /// Reads the ledgers `PATH.0`, `PATH.1` and so on.
  init(at path: String, processes: Int) throws {
    for index in 0..<processes {
      let text = try String(contentsOf: URL(filePath: "\(path).\(index)"), encoding: .utf8)
      for line in text.split(separator: "\n") {
        let words = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard words.count == 6, let pid = UInt32(words[0]), let error = Int(words[2]) else {
          throw Damaged(line: String(line))
        }
        acts[pid, default: []].append(
          Act(kind: words[1], error: error, first: words[3], second: words[4], who: words[5]))
      }
    }
  }

  struct Damaged: Error { let line: String }

  /// Processes, and what they are each in: `who` of all acts, by its parts.
  var processes: Int { acts.count }
  func variety(_ part: Int) -> Int {
    Set(acts.values.joined().map { $0.who.split(separator: ",")[part] }).count
  }

  var count: Int { acts.values.reduce(0) { $0 + $1.count } }

  /// What became of the ledger's acts in the events.
  struct Comparison {
    /// Acts that are there with the right process, path, outcome and order.
    var found: [String: Int] = [:]
    var missing: [Act] = []
    /// Events of the ledger's processes and kinds that no act explains.
    var unexplained: [Act] = []
    /// Repeats by the ledger, and by the events' counts.
    var repeats = (done: 0, counted: 0)
  }

  /// Compares the acts of each process with its events, one after the other.
  ///
  /// Repeats have no events of their own, so that only their number is compared. Files outside the folder are those that
  /// the loader of programs opens.
  ///
  /// - Parameter comparesWho: false where records were lost: those of a process's beginning may be among them.
  func compare(_ events: [Event], in folder: String, comparesWho: Bool) -> Comparison {
    var comparison = Comparison()
    func compared(_ act: Act) -> Act {
      var act = act
      if !comparesWho { act.who = "" }
      return act
    }
    let acts = acts.mapValues { $0.map(compared) }
    let kinds = Set(acts.values.joined().map(\.kind))
    var seen: [UInt32: [Act]] = [:]
    for event in events {
      guard kinds.contains(event.kind.name), acts[event.process.key.pid] != nil else { continue }
      let act = compared(Act(event))
      // The processes that do the acts begin and end, too.
      if event.kind.eventClass == .process, acts[event.process.key.pid]?.contains(act) != true { continue }
      if event.kind == .fileRepeats {
        if case .uint(let count)? = event[.eventCount] { comparison.repeats.counted += Int(count) }
      } else if event.kind.eventClass != .file || act.first.hasPrefix(folder) {
        seen[event.process.key.pid, default: []].append(act)
      }
    }
    for (pid, acts) in acts {
      let done = acts.filter { $0.kind != EventKind.fileRepeats.name }
      comparison.repeats.done += acts.count - done.count
      // Events are a part of what was done, in the same order: each is looked for behind the one before.
      var place = 0
      for event in seen[pid] ?? [] {
        guard let match = done[place...].firstIndex(of: event) else {
          comparison.unexplained.append(event)
          continue
        }
        comparison.missing += done[place..<match]
        comparison.found[event.kind, default: 0] += 1
        place = match + 1
      }
      comparison.missing += done[place...]
    }
    return comparison
  }
}

extension Ledger.Act {
  /// The line that the ledger would have for an event.
  init(_ event: Event) {
    let text = { (field: Field) in
      switch event[field] {
      case .text(let text)?: text.description
      case .texts(let texts)?: texts.map(\.description).joined(separator: ",")
      case .uint(let number)?: String(number)
      case .int(let number)?: String(number)
      case .address(let address)?: address.description
      default: ""
      }
    }
    let argument = { (index: Int) in
      guard case .texts(let texts)? = event[.processArguments], index < texts.count else { return "" }
      return texts[index].description
    }
    who = Self.whoFields.map { field in
      if case .uint(let number)? = event.process.facts[field] { "\(number)" } else { "?" }
    }.joined(separator: ",")
    kind = event.kind.name
    error = event.kind == .processExit ? Int(text(.exitCode)) ?? -1 : Int(text(.eventError)) ?? 0
    switch event.kind {
    case .processExec: (first, second) = (text(.processExecutable), argument(3))
    case .processExit: (first, second) = (argument(2), argument(3))
    case .networkConnect: (first, second) = (text(.destinationAddress), text(.destinationPort))
    case .dnsQuery: (first, second) = (text(.dnsName), text(.dnsType))
    case .dnsAnswer: (first, second) = (text(.dnsName), text(.dnsAddresses))
    case .fileRename, .fileLink, .fileSymlink: (first, second) = (text(.filePath), text(.fileTarget))
    default: (first, second) = (text(.filePath), "")
    }
  }

  private static let whoFields: [Field] = [
    .processUser, .processGroup, .processCgroup, .processMountNamespace, .processNetworkNamespace,
    .processUserNamespace, .processPIDNamespace,
  ]
}
