// SPDX-License-Identifier: Apache-2.0

/// Names a process for as long as the machine runs: a process id alone is used again.
public struct ProcessKey: Hashable, Sendable, Comparable {
  /// Nanoseconds from boot to the process's creation.
  public var start: UInt64
  /// The process id in the host's PID namespace.
  public var pid: UInt32

  public init(start: UInt64, pid: UInt32) {
    self.start = start
    self.pid = pid
  }

  public static func < (left: Self, right: Self) -> Bool { (left.start, left.pid) < (right.start, right.pid) }
}

/// A process, with the program it runs. Another exec makes another value of the same key.
public final class Process: Sendable {
  public let key: ProcessKey
  /// How many programs the process has started before this one.
  public let generation: UInt32
  /// What created the process; nil for the first, and where the chain was cut.
  public let parent: Process?
  public let facts: Facts
  private let depth: Int

  public init(key: ProcessKey, generation: UInt32, parent: Process?, facts: Facts) {
    self.key = key
    self.generation = generation
    self.facts = facts
    // A chain of processes that each start the next and end would grow for ever.
    self.parent = (parent?.depth ?? 0) >= 2 * Self.ancestorLimit ? parent?.cut(to: Self.ancestorLimit) : parent
    depth = (self.parent?.depth ?? 0) + 1
  }

  /// How many ancestors are kept at least.
  public static let ancestorLimit = 32

  private func cut(to count: Int) -> Process {
    var chain: [Process] = []
    var next: Process? = self
    while let process = next, chain.count < count {
      chain.append(process)
      next = process.parent
    }
    var result: Process?
    for process in chain.reversed() {
      result = Process(key: process.key, generation: process.generation, parent: result, facts: process.facts)
    }
    return result ?? self
  }

  /// Whether it is known that no process created it: init, and the kernel's own threads.
  public var isFirst: Bool { parent == nil && key.pid <= 2 }

  /// The process that created this one, what created that, and so on.
  public var ancestors: some Sequence<Process> {
    sequence(state: parent) { next in
      defer { next = next?.parent }
      return next
    }
  }
}
