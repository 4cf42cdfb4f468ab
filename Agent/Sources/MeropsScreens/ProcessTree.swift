// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// Processes as a tree, with what each of them did.
public struct ProcessTree: Sendable {
  private var processes: [ProcessKey: MeropsModel.Process] = [:]
  private var acts: [ProcessKey: [EventClass: Int]] = [:]
  private var ends: [ProcessKey: String] = [:]

  public init(_ list: [MeropsModel.Process]) { for process in list { processes[process.key] = process } }

  /// Who did something, and their ancestors.
  public init(doersOf events: some Sequence<Event>) { count(events, addsDoers: true) }

  public var keys: Set<ProcessKey> { Set(processes.keys) }

  /// The process that has, or had last, a number.
  public func key(pid: UInt32) -> ProcessKey? { processes.keys.filter { $0.pid == pid }.max() }

  /// Counts what processes did.
  ///
  /// - Parameter addsDoers: whether processes that are not in the tree are added, with their ancestors.
  public mutating func count(_ events: some Sequence<Event>, addsDoers: Bool) {
    for event in events where event.kind.eventClass != .agent {
      let process = event.process
      if addsDoers {
        processes[process.key] = process
        for ancestor in process.ancestors where processes[ancestor.key] == nil { processes[ancestor.key] = ancestor }
      }
      acts[process.key, default: [:]][event.kind.eventClass, default: 0] += 1
      if event.kind == .processExit {
        let event = Reading(event)
        ends[process.key] =
          event.number(.exitSignal).map { "ended by " + Names.signal($0) }
          ?? "ended, status \(event.number(.exitCode) ?? 0)"
      }
    }
  }

  /// The lines of the whole tree, or of what is at and below a process.
  public func lines(from root: ProcessKey? = nil, users: inout UserNames) -> [String] {
    // Parents that are not in the tree are in the children's ancestry only; these hang under the nearest that is.
    var children: [ProcessKey: [ProcessKey]] = [:]
    var roots: [ProcessKey] = []
    for process in processes.values {
      if let parent = process.ancestors.first(where: { processes[$0.key] != nil }) {
        children[parent.key, default: []].append(process.key)
      } else {
        roots.append(process.key)
      }
    }
    var lines: [String] = []
    var open = (root.map { [$0] } ?? roots.sorted()).reversed().map {
      (key: $0, prefix: "", isLast: true, isRoot: true)
    }
    while let (key, prefix, isLast, isRoot) = open.popLast() {
      guard let process = processes[key] else { continue }
      let mark = isRoot ? "" : isLast ? "└─ " : "├─ "
      lines.append(prefix + mark + label(process, &users))
      let below = (children[key] ?? []).sorted()
      let next = isRoot ? "" : prefix + (isLast ? "   " : "│  ")
      for (index, child) in below.enumerated().reversed() {
        open.append((child, next, index == below.count - 1, false))
      }
    }
    return lines
  }

  /// Name and number, what it did, and its command, which may be long, last.
  private func label(_ process: MeropsModel.Process, _ users: inout UserNames) -> String {
    let reading = Reading(process)
    let arguments = reading.texts(.processArguments)?.joined(separator: " ") ?? ""
    let counts = EventClass.allCases.compactMap { kind in acts[process.key]?[kind].map { "\(kind.name) \($0)" } }
    let did = counts.isEmpty ? nil : "[\(counts.joined(separator: ", "))]"
    let command = (arguments.isEmpty ? reading.text(.processExecutable) ?? "" : arguments).visible
    let parts = [EventLine.who(process, &users), did, ends[process.key], command]
    return parts.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: "  ")
  }
}
