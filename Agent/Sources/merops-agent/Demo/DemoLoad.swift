// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import MeropsControl

/// What became of acts that were done without a pause.
struct DemoCounts: Hashable {
  var denied: UInt64 = 0
  /// Acts that the policy denies, and that were done all the same.
  var leaked: UInt64 = 0
  var allowed: UInt64 = 0
  /// Acts that no policy denies, and that were denied all the same.
  var wronged: UInt64 = 0

  static func - (left: Self, right: Self) -> Self {
    Self(
      denied: left.denied - right.denied, leaked: left.leaked - right.leaked, allowed: left.allowed - right.allowed,
      wronged: left.wronged - right.wronged)
  }
}

/// A file of counts that several processes write: each of them its own four.
final class DemoBoard {
  private let words: UnsafeMutablePointer<UInt64>
  private let writers: Int
  private var size: Int { writers * 4 * MemoryLayout<UInt64>.size }

  init(_ path: String, writers: Int) throws(ControlError) {
    self.writers = writers
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(file) }
    let size = writers * 4 * MemoryLayout<UInt64>.size
    guard file >= 0, ftruncate(file, off_t(size)) == 0,
      let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), memory != MAP_FAILED
    else { throw ControlError(status: 0, message: "\(path) cannot be mapped: \(String(cString: strerror(errno)))") }
    words = memory.bindMemory(to: UInt64.self, capacity: writers * 4)
  }

  deinit { munmap(words, size) }

  func set(_ counts: DemoCounts, of writer: Int) {
    for (index, count) in [counts.denied, counts.leaked, counts.allowed, counts.wronged].enumerated() {
      words[writer * 4 + index] = count
    }
  }

  /// What the process has done that has done the least.
  var slowest: UInt64 { (0..<writers).map { words[$0 * 4] + words[$0 * 4 + 1] }.min() ?? 0 }

  func sum() -> DemoCounts {
    (0..<writers).reduce(into: DemoCounts()) { sum, writer in
      sum.denied += words[writer * 4]
      sum.leaked += words[writer * 4 + 1]
      sum.allowed += words[writer * 4 + 2]
      sum.wronged += words[writer * 4 + 3]
    }
  }
}

/// Connects to two addresses without a pause, and counts what comes of it, until its input ends.
struct DemoLoadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load", abstract: "Connect without a pause.", shouldDisplay: false)

  @Option var denied: String
  @Option var allowed: String
  @Option var board: String
  @Option var writer: Int
  @Option var writers: Int

  func run() throws {
    let counts = try DemoBoard(board, writers: writers)
    guard let bad = DemoSocket.address(denied), let good = DemoSocket.address(allowed) else {
      throw ValidationError("an address is ADDRESS:PORT")
    }
    // Connecting a datagram socket sends nothing.
    let datagrams = CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
    let (first, second) = (socket(AF_INET, datagrams, 0), socket(AF_INET, datagrams, 0))
    var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    var own = DemoCounts()
    while poll(&input, 1, 0) == 0 {
      for _ in 0..<256 {
        if DemoSocket.with(bad, { connect(first, $0, $1) }) == 0 {
          own.leaked += 1
        } else if errno == EPERM {
          own.denied += 1
        } else {
          throw ControlError(status: 0, message: "\(denied): \(String(cString: strerror(errno)))")
        }
        if DemoSocket.with(good, { connect(second, $0, $1) }) == 0 { own.allowed += 1 } else { own.wronged += 1 }
      }
      counts.set(own, of: writer)
    }
  }
}
