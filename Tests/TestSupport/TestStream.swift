// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A TCP socket over IPv4's loopback, in the network namespace of the thread that makes it.
public final class TestStream: Sendable {
  public let descriptor: CInt

  /// `TCP_CONGESTION`
  private static let congestionOption: CInt = 13

  public init(adopting descriptor: CInt) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  private convenience init() throws {
    let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw Shell.Failed(description: "socket: \(errno)") }
    self.init(adopting: descriptor)
  }

  /// A listener; port 0 lets the kernel choose.
  public static func listening(on port: UInt16 = 0) throws -> TestStream {
    let stream = try TestStream()
    let result = withLoopback(port) { bind(stream.descriptor, $0, $1) }
    guard result == 0, listen(stream.descriptor, 8) == 0 else { throw Shell.Failed(description: "listen: \(errno)") }
    return stream
  }

  public static func connected(to port: UInt16, congestionControl: String? = nil) throws -> TestStream {
    let stream = try TestStream()
    if let name = congestionControl {
      guard setsockopt(stream.descriptor, CInt(IPPROTO_TCP), congestionOption, name, socklen_t(name.utf8.count)) == 0
      else {
        throw Shell.Failed(description: "TCP_CONGESTION: \(errno)")
      }
    }
    let result = withLoopback(port) { connect(stream.descriptor, $0, $1) }
    guard result == 0 else { throw Shell.Failed(description: "connect: \(errno)") }
    return stream
  }

  /// Two ends of a connection.
  public static func pair(congestionControl: String? = nil) throws -> (TestStream, TestStream) {
    let listener = try listening()
    let near = try connected(to: listener.port, congestionControl: congestionControl)
    return (near, try listener.accepted())
  }

  public var port: UInt16 {
    var name = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutablePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
    }
    return UInt16(bigEndian: name.sin_port)
  }

  public var congestionControl: String {
    var name = [UInt8](repeating: 0, count: 16)
    var size = socklen_t(name.count)
    guard getsockopt(descriptor, CInt(IPPROTO_TCP), Self.congestionOption, &name, &size) == 0 else { return "" }
    return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
  }

  public func accepted() throws -> TestStream {
    guard isReadable() else { throw Shell.Failed(description: "nobody connects") }
    let descriptor = accept(descriptor, nil, nil)
    guard descriptor >= 0 else { throw Shell.Failed(description: "accept: \(errno)") }
    return TestStream(adopting: descriptor)
  }

  public func send(_ text: String) throws {
    guard write(descriptor, text, text.utf8.count) == text.utf8.count else {
      throw Shell.Failed(description: "send: \(errno)")
    }
  }

  /// What comes next, or nil when nothing comes in time.
  public func receive() -> String? {
    guard isReadable() else { return nil }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &bytes, bytes.count)
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
  }

  private func isReadable() -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 60_000) == 1
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
