// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// Processes as a tree, for `merops tree`.
public struct ProcessTree: Sendable {
  private var processes: [ProcessKey: MeropsModel.Process] = [:]
  private var children: [ProcessKey: [ProcessKey]] = [:]
  private var roots: [ProcessKey] = []

  public init(_ list: [MeropsModel.Process]) {
    for process in list { processes[process.key] = process }
    // Parents that ended are in the children's ancestry only; whoever lives hangs under the nearest that lives, too.
    for process in list {
      if let parent = process.ancestors.first(where: { processes[$0.key] != nil }) {
        children[parent.key, default: []].append(process.key)
      } else {
        roots.append(process.key)
      }
    }
  }

  /// The lines of the whole tree, or of what is at and below a process.
  ///
  /// - Parameter did: what each process did, in a few words; empty for nothing.
  public func lines(
    from root: ProcessKey? = nil, users: inout UserNames, did: (ProcessKey) -> String = { _ in "" }
  ) -> [String] {
    var lines: [String] = []
    var open = (root.map { [$0] } ?? roots.sorted()).reversed().map {
      (key: $0, prefix: "", isLast: true, isRoot: true)
    }
    while let (key, prefix, isLast, isRoot) = open.popLast() {
      guard let process = processes[key] else { continue }
      let mark = isRoot ? "" : isLast ? "└─ " : "├─ "
      lines.append(prefix + mark + Self.label(process, &users) + (did(key).isEmpty ? "" : "   " + did(key)))
      let below = (children[key] ?? []).sorted()
      let next = isRoot ? "" : prefix + (isLast ? "   " : "│  ")
      for (index, child) in below.enumerated().reversed() {
        open.append((child, next, index == below.count - 1, false))
      }
    }
    return lines
  }

  private static func label(_ process: MeropsModel.Process, _ users: inout UserNames) -> String {
    let reading = Reading(process)
    let arguments = reading.texts(.processArguments)?.joined(separator: " ") ?? ""
    let command = arguments.isEmpty ? reading.text(.processExecutable) ?? "" : arguments
    return (EventLine.who(process, &users) + (command.isEmpty ? "" : "  " + command.visible))
  }
}
