// SPDX-License-Identifier: Apache-2.0

import Glibc
public import MeropsModel
import Synchronization

/// Syslog messages (RFC 5424) with the event as JSON, to a unix socket, by UDP (RFC 5426) or by TCP with octet counting
/// (RFC 6587). Syslog has no answers: a message counts as delivered when the kernel has it, so that only TCP and unix sockets
/// tell that nobody is there.
public final class SyslogDelivery: Delivery {
  public enum Place: Hashable, Sendable {
    case unix(String)
    case udp(host: String, port: UInt16)
    case tcp(host: String, port: UInt16)
  }

  private let place: Place
  private var message: SyslogMessage
  /// -1 where there is no connection.
  private let socket = Mutex<Int32>(-1)
  private var isStream = false

  /// - Parameters:
  ///   - facility: A number of RFC 5424, section 6.2.1; 13 is "log audit".
  public init(_ place: Place, host: HostFacts, facility: UInt8 = 13, format: any EventFormat = JSONLineWriter()) {
    self.place = place
    message = SyslogMessage(host: host, facility: facility, format: format)
  }

  deinit { disconnect() }

  public func cancel() { socket.withLock { if $0 >= 0 { shutdown($0, Int32(SHUT_RDWR)) } } }

  public func deliver(_ batch: EventBatch) throws(DeliveryError) -> Int {
    let descriptor = try connected()
    var buffer: [UInt8] = []
    var text: [UInt8] = []
    var refused = 0
    for event in batch {
      text.removeAll(keepingCapacity: true)
      message.append(event, to: &text)
      if isStream {
        buffer += "\(text.count) ".utf8
        buffer += text
        if buffer.count >= 1 << 16 {
          try send(buffer, descriptor)
          buffer.removeAll(keepingCapacity: true)
        }
      } else if !sendOne(text, descriptor) {
        // A message that is too long for a datagram will be too long the next time.
        guard errno == EMSGSIZE else { throw failure("send") }
        refused += 1
      }
    }
    if !buffer.isEmpty { try send(buffer, descriptor) }
    return refused
  }

  private func connected() throws(DeliveryError) -> Int32 {
    let known = socket.withLock { $0 }
    if known >= 0 {
      // A peer that closed is seen here, rather than by the message after the one that is lost.
      guard isStream, isClosedByPeer(known) else { return known }
      disconnect()
    }
    let descriptor: Int32
    switch place {
    case .unix(let path):
      // Log daemons listen for datagrams; some relays for streams.
      if let found = Self.connect(path, SOCK_DGRAM) {
        (descriptor, isStream) = (found, false)
      } else if errno == EPROTOTYPE, let found = Self.connect(path, SOCK_STREAM) {
        (descriptor, isStream) = (found, true)
      } else {
        throw failure("connect")
      }
    case .udp(let host, let port):
      (descriptor, isStream) = (try resolve(host, port, SOCK_DGRAM), false)
    case .tcp(let host, let port):
      (descriptor, isStream) = (try resolve(host, port, SOCK_STREAM), true)
    }
    var limit = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    socket.withLock { $0 = descriptor }
    return descriptor
  }

  private func isClosedByPeer(_ descriptor: Int32) -> Bool {
    var byte: UInt8 = 0
    let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
    return count == 0 || count < 0 && errno != EAGAIN && errno != EINTR
  }

  private static func connect(_ path: String, _ type: __socket_type) -> Int32? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let fits = withUnsafeMutableBytes(of: &address.sun_path) { space in
      let bytes = Array(path.utf8)
      guard bytes.count < space.count else { return false }
      space.copyBytes(from: bytes)
      return true
    }
    guard fits else {
      errno = ENAMETOOLONG
      return nil
    }
    return withUnsafeBytes(of: address) { connect(AF_UNIX, type, $0) }
  }

  private static func connect(_ family: Int32, _ type: __socket_type, _ address: UnsafeRawBufferPointer) -> Int32? {
    let descriptor = Glibc.socket(family, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    // Linux bounds a connect by the time that sends have.
    var limit = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    guard let base = address.baseAddress?.assumingMemoryBound(to: sockaddr.self),
      Glibc.connect(descriptor, base, socklen_t(address.count)) == 0
    else {
      let code = errno
      Glibc.close(descriptor)
      errno = code
      return nil
    }
    return descriptor
  }

  private func resolve(_ host: String, _ port: UInt16, _ type: __socket_type) throws(DeliveryError) -> Int32 {
    var hints = addrinfo()
    hints.ai_socktype = Int32(type.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, String(port), &hints, &list)
    guard code == 0 else { throw DeliveryError("\(host) has no address (\(String(cString: gai_strerror(code)))).") }
    defer { freeaddrinfo(list) }
    var next = list
    while let entry = next?.pointee {
      let address = UnsafeRawBufferPointer(start: entry.ai_addr, count: Int(entry.ai_addrlen))
      if let descriptor = Self.connect(entry.ai_family, type, address) { return descriptor }
      next = entry.ai_next
    }
    throw failure("connect")
  }

  private func sendOne(_ text: [UInt8], _ descriptor: Int32) -> Bool {
    while true {
      let count = Glibc.send(descriptor, text, text.count, Int32(MSG_NOSIGNAL))
      if count >= 0 || errno != EINTR { return count >= 0 }
    }
  }

  private func send(_ bytes: [UInt8], _ descriptor: Int32) throws(DeliveryError) {
    var offset = 0
    while offset < bytes.count {
      let count = bytes.withUnsafeBytes { all in
        let rest = UnsafeRawBufferPointer(rebasing: all[offset...])
        return Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw failure("send")
      }
      offset += count
    }
  }

  private func failure(_ what: String) -> DeliveryError {
    let code = errno
    disconnect()
    let name =
      switch place {
      case .unix(let path): path
      case .udp(let host, let port): "\(host):\(port) (UDP)"
      case .tcp(let host, let port): "\(host):\(port) (TCP)"
      }
    return DeliveryError("Syslog at \(name) takes nothing (\(what): \(String(cString: strerror(code)))).")
  }

  private func disconnect() {
    socket.withLock { descriptor in
      if descriptor >= 0 { Glibc.close(descriptor) }
      descriptor = -1
    }
  }
}

/// `<110>1 2026-11-29T14:02:11.418000Z HOST merops 4711 process.exec - {...}`
struct SyslogMessage {
  private let head: [UInt8]
  private let middle: [UInt8]
  private var format: any EventFormat
  private var clock = TimeText()

  init(host: HostFacts, facility: UInt8, format: any EventFormat) {
    // Severity 6: informational.
    head = Array("<\(Int(facility) * 8 + 6)>1 ".utf8)
    // Names are printable ASCII without spaces, of at most 255 bytes.
    let name = host.name.utf8.filter { (0x21...0x7e).contains($0) }.prefix(255)
    middle = Array(" ".utf8) + (name.isEmpty ? Array("-".utf8) : Array(name)) + Array(" merops \(getpid()) ".utf8)
    self.format = format
  }

  mutating func append(_ event: Event, to text: inout [UInt8]) {
    text += head
    var time: [UInt8] = []
    clock.append(event.time, to: &time)
    // RFC 5424 has six digits behind the point at most.
    text += time.prefix(26)
    text.append(UInt8(ascii: "Z"))
    text += middle
    text += event.kind.nameBytes.prefix(32)
    text += " - ".utf8
    format.append(event, to: &text)
    // The line feed is the file's, not the message's.
    text.removeLast()
  }
}
