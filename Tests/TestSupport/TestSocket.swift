// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A UDP socket over IPv4, in the network namespace of the thread that makes it.
public final class TestSocket: Sendable {
  public let descriptor: CInt

  /// - Parameters:
  ///   - address: Where to bind, in dotted form; any address when nil.
  ///   - port: In host order; 0 lets the kernel choose.
  ///   - sharesPort: Whether others may bind to it too (`SO_REUSEPORT`).
  public init(address: String? = nil, port: UInt16 = 0, sharesPort: Bool = false) throws {
    descriptor = socket(AF_INET, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw SystemFailure("socket") }
    var shares: CInt = sharesPort ? 1 : 0
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &shares, socklen_t(MemoryLayout<CInt>.size))
    let name = Self.name(address ?? "0.0.0.0", port)
    let result = Self.withAddress(name) { bind(descriptor, $0, $1) }
    guard result == 0 else { throw SystemFailure("bind(\(address ?? "*"):\(port))") }
  }

  deinit { close(descriptor) }

  /// Sends one datagram.
  public func send(_ bytes: [UInt8], to address: String, port: UInt16) throws {
    let sent = Self.withAddress(Self.name(address, port)) { sendto(descriptor, bytes, bytes.count, 0, $0, $1) }
    guard sent == bytes.count else { throw SystemFailure("sendto(\(address):\(port))") }
  }

  /// The next datagram, or nil when none comes in time.
  public func receive(milliseconds: Int32 = 60_000) -> [UInt8]? {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&entry, 1, milliseconds) == 1 else { return nil }
    var bytes = [UInt8](repeating: 0, count: 65536)
    let count = recv(descriptor, &bytes, bytes.count, 0)
    return count < 0 ? nil : Array(bytes[..<count])
  }

  private static func name(_ address: String, _ port: UInt16) -> sockaddr_in {
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = port.bigEndian
    inet_pton(AF_INET, address, &name.sin_addr)
    return name
  }

  private static func withAddress<R>(_ name: sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
    withUnsafePointer(to: name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }
}
