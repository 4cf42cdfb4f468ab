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
  /// What a number stood for until some time: the process ended, or became another program. The newest last.
  private var past: [Past] = []
  private var firstPast = 0

  private struct Past {
    /// Nanoseconds since boot.
    var until: UInt64
    var process: MeropsModel.Process
    /// It became another program.
    var isReplaced: Bool
  }

  /// Processes whose creation time is known to a hundredth of a second only.
  private var coarse: Set<UInt32> = []
  private var sweepAt = 1 << 15

  /// How long what is past is kept, in nanoseconds, and how much of it.
  static let grace: UInt64 = 10_000_000_000
  static let endedLimit = 8192
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

  /// The process that had a number at a time, as it was then; for a while after its end.
  ///
  /// - Parameters:
  ///   - time: nanoseconds since boot.
  ///   - afterExec: the program that began at that time, and not the one before it.
  func find(_ pid: UInt32, at time: UInt64, afterExec: Bool = false) -> MeropsModel.Process? {
    var found = running[pid]
    // Two programs see one exec one after the other.
    let slack: UInt64 = afterExec ? 1_000_000 : 0
    for entry in past[firstPast...].reversed() {
      // Records of two CPUs are almost in the order of their times.
      if entry.until &+ 1_000_000_000 < time { break }
      guard entry.until >= time, entry.process.key.pid == pid else { continue }
      if afterExec, entry.isReplaced, entry.until - time < slack { break }
      found = entry.process
    }
    return found
  }

  /// Adds a process, or what it has become by an exec.
  ///
  /// - Parameter time: of the exec, in nanoseconds since boot; nil for a process that was not known.
  mutating func insert(_ process: MeropsModel.Process, at time: UInt64? = nil, isCoarse: Bool = false) {
    let pid = process.key.pid
    if let time, let before = running[pid], before.key == process.key { keep(before, until: time, isReplaced: true) }
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
      keep(process, until: time, isReplaced: false)
    }
    forget(at: time)
  }

  private mutating func keep(_ process: MeropsModel.Process, until time: UInt64, isReplaced: Bool) {
    past.append(Past(until: time, process: process, isReplaced: isReplaced))
    forget(at: time)
  }

  private mutating func forget(at time: UInt64) {
    while firstPast < past.count,
      past.count - firstPast > Self.endedLimit || past[firstPast].until &+ Self.grace < time
    {
      if !past[firstPast].isReplaced { ended[past[firstPast].process.key] = nil }
      firstPast += 1
    }
    if firstPast > Self.endedLimit {
      past.removeFirst(firstPast)
      firstPast = 0
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
