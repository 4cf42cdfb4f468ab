// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import BPF

extension Collection {
  /// A counter of the object's.
  func counter(_ name: String) throws -> UInt64 { try global(name) }

  /// By how much a counter rises while something is done. A probe that was detached may fire for a moment yet: until whoever
  /// lists links lets go of its link. Hence `eventually` around the test that it does not.
  func rise(of name: String, while body: () throws -> Void) throws -> UInt64 {
    let before = try counter(name)
    try body()
    return try counter(name) &- before
  }
}

/// Loads an object whose programs are to count what this thread does only, or this process where they cannot tell.
func loadForThisThread(_ name: String, _ programs: [String] = []) throws -> Collection {
  try load(name) { collection in
    for program in programs { try collection.setAutoload(true, of: program) }
    for (name, _) in collection.globals {
      switch name {
      case "only_process": try collection.setGlobal(name, to: UInt32(getpid()))
      case "only_thread": try collection.setGlobal(name, to: try threadID())
      default: break
      }
    }
  }
}

/// The calling thread, as the kernel numbers it.
private func threadID() throws -> UInt32 {
  // "PID/task/TID"
  let link = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
  return try #require(link.split(separator: "/").last.flatMap { UInt32($0) })
}

/// A function of the C library that nobody else calls here: `dev_t gnu_dev_makedev(unsigned, unsigned)`.
enum ProbedFunction {
  static let library = "libc.so.6"
  static let makedev = "gnu_dev_makedev"
  /// `makedev`, `gnu_dev_major`, `gnu_dev_minor`.
  static let all = "gnu_dev_*"

  /// Called by address, so that no compiler computes it instead.
  @discardableResult
  static func callMakedev(_ major: UInt32, _ minor: UInt32) -> UInt64 {
    typealias Function = @convention(c) (UInt32, UInt32) -> UInt64
    return address(makedev).map { unsafeBitCast($0, to: Function.self)(major, minor) } ?? 0
  }

  static func callMajor(_ device: UInt64) -> UInt32 {
    typealias Function = @convention(c) (UInt64) -> UInt32
    return address("gnu_dev_major").map { unsafeBitCast($0, to: Function.self)(device) } ?? 0
  }

  private static func address(_ name: String) -> UnsafeMutableRawPointer? { dlsym(nil, name) }
}

/// Datagrams from the far end of a cable to the near one, whose address resolution is settled.
final class Wire: Sendable {
  let pair: NetworkPair
  let receiver: TestSocket
  private let sender: TestSocket
  private static let port: UInt16 = 7000

  init() throws {
    let pair = try NetworkPair()
    // Packets count here: none for address resolution among them.
    try pair.far.check("ip neigh replace 10.77.0.1 lladdr 02:00:00:00:00:01 dev veth1")
    try pair.near.check("ip neigh replace 10.77.0.2 lladdr 02:00:00:00:00:02 dev veth0")
    receiver = try pair.near.run { try TestSocket(address: NetworkPair.nearAddress, port: Self.port) }
    sender = try pair.far.run { try TestSocket(address: NetworkPair.farAddress) }
    self.pair = pair
  }

  func send(_ text: String = "x") throws {
    try sender.send(Array(text.utf8), to: NetworkPair.nearAddress, port: Self.port)
  }

  /// Whether a datagram that is sent now comes out.
  func delivers() throws -> Bool {
    let text = UUID().uuidString
    try send(text)
    while let datagram = receiver.receive() {
      if datagram == Array(text.utf8) { return true }
    }
    return false
  }

  /// Sends until a counter moves; whether it did.
  func sends(until counter: () throws -> UInt64) throws -> Bool {
    let before = try counter()
    for _ in 0..<200 {
      try send()
      for _ in 0..<20 {
        if try counter() != before { return true }
        usleep(1000)
      }
    }
    return false
  }
}

/// A TCP socket over IPv4's loopback, in the network namespace of the thread that makes it.
final class TestStream: Sendable {
  let descriptor: CInt

  init(adopting descriptor: CInt) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  private convenience init() throws {
    let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw Shell.Failed(description: "socket: \(errno)") }
    self.init(adopting: descriptor)
  }

  /// A listener; port 0 lets the kernel choose.
  static func listening(on port: UInt16 = 0) throws -> TestStream {
    let stream = try TestStream()
    let result = withLoopback(port) { bind(stream.descriptor, $0, $1) }
    guard result == 0, listen(stream.descriptor, 8) == 0 else { throw Shell.Failed(description: "listen: \(errno)") }
    return stream
  }

  static func connected(to port: UInt16, congestionControl: String? = nil) throws -> TestStream {
    let stream = try TestStream()
    if let name = congestionControl {
      guard setsockopt(stream.descriptor, CInt(IPPROTO_TCP), 13, name, socklen_t(name.utf8.count)) == 0 else {
        throw Shell.Failed(description: "TCP_CONGESTION: \(errno)")
      }
    }
    let result = withLoopback(port) { connect(stream.descriptor, $0, $1) }
    guard result == 0 else { throw Shell.Failed(description: "connect: \(errno)") }
    return stream
  }

  /// Two ends of a connection.
  static func pair() throws -> (TestStream, TestStream) {
    let listener = try listening()
    let near = try connected(to: listener.port)
    return (near, try listener.accepted())
  }

  var port: UInt16 {
    var name = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutablePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
    }
    return UInt16(bigEndian: name.sin_port)
  }

  func accepted() throws -> TestStream {
    guard isReadable() else { throw Shell.Failed(description: "nobody connects") }
    let descriptor = accept(descriptor, nil, nil)
    guard descriptor >= 0 else { throw Shell.Failed(description: "accept: \(errno)") }
    return TestStream(adopting: descriptor)
  }

  func send(_ text: String) throws {
    guard write(descriptor, text, text.utf8.count) == text.utf8.count else {
      throw Shell.Failed(description: "send: \(errno)")
    }
  }

  /// What comes next, or nil when nothing comes in time.
  func receive() -> String? {
    guard isReadable() else { return nil }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &bytes, bytes.count)
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
  }

  private func isReadable() -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 5000) == 1
  }

  private static func withLoopback<R>(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = port.bigEndian
    name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafePointer(to: name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }
}
