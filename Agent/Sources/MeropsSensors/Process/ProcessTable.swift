// SPDX-License-Identifier: Apache-2.0
import Glibc
import MeropsModel

/// The processes that run, and for a while those that ended: what events say who did them by.
///
/// The kernel's records keep it up to date; an exit takes a process out. After a loss of records it looks into /proc.
struct ProcessTable {
  private var running: [UInt32: MeropsModel.Process] = [:]
  /// Those that ended: sockets and files may be closed after the exit is told.
  private var ended: [ProcessKey: MeropsModel.Process] = [:]
  private var endings: [(time: UInt64, key: ProcessKey)] = []
  private var firstEnding = 0
  /// Processes whose creation time is known to a hundredth of a second only.
  private var coarse: Set<UInt32> = []
  private var sweepAt = 1 << 15

  /// How long an ended process is kept, in nanoseconds, and how many of them.
  static let grace: UInt64 = 10_000_000_000
  static let endedLimit = 4096
  /// The creation time that /proc tells is rounded down to this many nanoseconds.
  static let coarseness: UInt64 = 10_000_000

  var count: Int { running.count }

  /// The process that has the number now.
  subscript(pid: UInt32) -> MeropsModel.Process? { running[pid] }

  /// The process of that key, also if it ended a moment ago.
  func find(_ key: ProcessKey) -> MeropsModel.Process? {
    if let process = running[key.pid], isSame(process, key) { return process }
    return ended[key]
  }

  private func isSame(_ process: MeropsModel.Process, _ key: ProcessKey) -> Bool {
    if process.key.start == key.start { return true }
    guard coarse.contains(key.pid) else { return false }
    return key.start >= process.key.start && key.start - process.key.start < 2 * Self.coarseness
  }

  /// Adds a process, or what it has become by an exec.
  mutating func insert(_ process: MeropsModel.Process, isCoarse: Bool = false) {
    let pid = process.key.pid
    running[pid] = process
    if isCoarse { coarse.insert(pid) } else if !coarse.isEmpty { coarse.remove(pid) }
    if running.count > sweepAt { sweep() }
  }

  /// Puts another value in the place of a process that runs: its rights changed, say.
  mutating func update(_ process: MeropsModel.Process) {
    if running[process.key.pid]?.key == process.key { running[process.key.pid] = process }
  }

  /// Takes out a process that ended.
  ///
  /// - Parameter time: nanoseconds since boot.
  mutating func end(_ key: ProcessKey, at time: UInt64) {
    if let process = running[key.pid], isSame(process, key) {
      running[key.pid] = nil
      coarse.remove(key.pid)
      ended[key] = process
      endings.append((time, key))
    }
    while firstEnding < endings.count,
      endings.count - firstEnding > Self.endedLimit || endings[firstEnding].time &+ Self.grace < time
    {
      ended[endings[firstEnding].key] = nil
      firstEnding += 1
    }
    if firstEnding > Self.endedLimit {
      endings.removeFirst(firstEnding)
      firstEnding = 0
    }
  }

  /// Takes out the processes whose end was not told: there is no such process any more.
  mutating func sweep() {
    for (pid, _) in running where kill(pid_t(bitPattern: pid), 0) != 0 && errno == ESRCH {
      running[pid] = nil
      coarse.remove(pid)
    }
    sweepAt = max(1 << 15, 2 * running.count)
  }
}
