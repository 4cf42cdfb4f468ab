// SPDX-License-Identifier: Apache-2.0

import Glibc
import MeropsControl
import Synchronization

/// Why the demo ends early.
enum DemoEnd: Error {
  /// By Ctrl-C or a signal.
  case interrupted
  /// Nobody reads the output any more.
  case unread
}

// Commands, and signals that end them.
extension DemoStage {
  private static let isInterrupted = Atomic(false)

  static func catchSignals() {
    // Who started this program may have blocked them.
    var numbers = sigset_t()
    sigemptyset(&numbers)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      signal(number) { _ in DemoStage.isInterrupted.store(true, ordering: .relaxed) }
      sigaddset(&numbers, number)
    }
    pthread_sigmask(SIG_UNBLOCK, &numbers, nil)
    // A handler, and not SIG_IGN, which the programs that are started would inherit.
    signal(SIGPIPE) { _ in }
  }

  static var wasInterrupted: Bool { isInterrupted.load(ordering: .relaxed) }

  /// - Throws: ``DemoEnd/interrupted`` once the demo is to end.
  static func check() throws {
    if wasInterrupted { throw DemoEnd.interrupted }
  }

  /// Waits until something is so.
  func wait(until isSo: () throws -> Bool) throws {
    while try !isSo() {
      try Self.check()
      usleep(20_000)
    }
  }

  /// Runs what is typed, and hands over its output as it comes.
  ///
  /// - Parameters:
  ///   - tick: called several times a second meanwhile.
  ///   - body: gets lines, without their ends.
  func run(_ command: String, tick: () throws -> Void = {}, _ body: (String) throws -> Void) throws {
    let output = try DemoPipe()
    let pid = try Programs.start(
      shell, ["-c", ". \(folder)/env\n\(command)"], output: output.writing, error: output.writing)
    output.closeWriting()
    do {
      var rest: [UInt8] = []
      while let piece = try output.read(tick: tick) {
        rest += piece
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
          try body(String(decoding: rest[..<end], as: UTF8.self))
          rest.removeFirst(end + 1)
        }
      }
      if !rest.isEmpty { try body(String(decoding: rest, as: UTF8.self)) }
      _ = try wait(for: pid)
    } catch {
      kill(-pid, SIGKILL)
      waitpid(pid, nil, 0)
      throw error
    }
  }

  /// Waits until a process has ended.
  func wait(for pid: pid_t) throws -> CInt {
    var status: CInt = 0
    while true {
      let result = waitpid(pid, &status, WNOHANG)
      if result == pid { return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f }
      if result < 0, errno != EINTR { return 255 }
      do { try Self.check() } catch {
        kill(-pid, SIGKILL)
        waitpid(pid, nil, 0)
        throw error
      }
      usleep(5000)
    }
  }
}

/// Both ends of a pipe, which programs that are started do not have unless they get one.
final class DemoPipe {
  let reading: CInt
  private(set) var writing: CInt

  init() throws(ControlError) {
    var ends: [CInt] = [-1, -1]
    guard pipe(&ends) == 0 else {
      throw ControlError(status: 0, message: "No pipe can be opened: \(String(cString: strerror(errno)))")
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (reading, writing) = (ends[0], ends[1])
  }

  deinit {
    close(reading)
    closeWriting()
  }

  func closeWriting() {
    if writing >= 0 { close(writing) }
    writing = -1
  }

  func read(tick: () throws -> Void = {}) throws -> [UInt8]? { try Self.read(reading, tick: tick) }

  /// What comes next; nil at the end.
  static func read(_ descriptor: CInt, tick: () throws -> Void = {}) throws -> [UInt8]? {
    var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while poll(&waiting, 1, 100) <= 0 {
      try DemoStage.check()
      try tick()
    }
    try DemoStage.check()
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    let count = Glibc.read(descriptor, &buffer, buffer.count)
    return count > 0 ? Array(buffer[..<count]) : nil
  }
}
