// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// Talks to an agent over its socket: HTTP/1.1, one request a connection.
///
/// FlyingFox has a client, too; it collects a reply until its end, and a stream of events has none.
public struct ControlClient: Sendable {
  public static let defaultSocket = "/run/merops/merops.sock"

  private let path: String
  private let start: String

  /// - Parameter start: how one starts an agent that serves this socket, for the error where none does.
  public init(socket path: String = Self.defaultSocket, start: String = "sudo merops run") {
    (self.path, self.start) = (path, start)
  }

  /// The reply to a request, whole.
  ///
  /// - Throws: ``ControlError`` with what the agent said, or why it could not be asked.
  public func get(_ target: String) throws(ControlError) -> [UInt8] {
    var body: [UInt8] = []
    try stream(target) { piece in
      body += piece
      return true
    }
    return body
  }

  /// The reply to a request, decoded from JSON.
  public func get<Reply: Decodable>(_ target: String, as type: Reply.Type) throws(ControlError) -> Reply {
    let body = try get(target)
    do { return try Self.decoder().decode(type, from: Data(body)) } catch {
      throw ControlError(
        status: 502, message: "The agent's answer cannot be read; it is of another version than this program: \(error)")
    }
  }

  /// The reply to a request that changes something, decoded from JSON.
  ///
  /// - Parameters:
  ///   - method: `POST` or `DELETE`.
  ///   - target: what is changed.
  ///   - body: what the agent gets.
  ///   - contentType: of what type that is, where there may be several.
  ///   - type: what it answers with.
  public func change<Reply: Decodable>(
    _ method: String, _ target: String, body: [UInt8] = [], contentType: String? = nil, as type: Reply.Type
  ) throws(ControlError) -> Reply {
    var reply: [UInt8] = []
    try request(method, target, body, contentType) { piece in
      reply += piece
      return true
    }
    do { return try Self.decoder().decode(type, from: Data(reply)) } catch {
      throw ControlError(
        status: 502, message: "The agent's answer cannot be read; it is of another version than this program: \(error)")
    }
  }

  /// The same with a value that becomes JSON.
  public func send<Reply: Decodable>(
    _ method: String, _ target: String, _ value: some Encodable, as type: Reply.Type
  ) throws(ControlError) -> Reply {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    guard let body = try? encoder.encode(value) else {
      throw ControlError(status: 0, message: "The request cannot be written as JSON.")
    }
    return try change(method, target, body: Array(body), contentType: "application/json", as: type)
  }

  static func decoder() -> JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
  }

  /// Calls a closure with the pieces of a reply as they arrive, until it returns false.
  public func stream(_ target: String, _ body: ([UInt8]) throws(ControlError) -> Bool) throws(ControlError) {
    try request("GET", target, [], nil, body)
  }

  private func request(
    _ method: String, _ target: String, _ content: [UInt8], _ contentType: String?,
    _ body: ([UInt8]) throws(ControlError) -> Bool
  ) throws(ControlError) {
    let connection = try Connection.open(path, start)
    let length = content.isEmpty && method == "GET" ? "" : "Content-Length: \(content.count)\r\n"
    let kind = contentType.map { "Content-Type: \($0)\r\n" } ?? ""
    let head = "\(method) \(target) HTTP/1.1\r\nHost: merops\r\nConnection: close\r\n\(kind)\(length)\r\n"
    try connection.send(Array(head.utf8) + content)
    var reader = ReplyReader()
    var failure: [UInt8] = []
    while let bytes = try connection.receive() {
      for piece in try reader.read(bytes) {
        if reader.status == 200 {
          guard try body(piece) else { return }
        } else {
          failure += piece
        }
      }
      if reader.isComplete { break }
    }
    guard reader.isComplete else {
      throw ControlError(status: 502, message: "The agent ended before its answer did.")
    }
    guard reader.status == 200 else {
      if let error = try? Self.decoder().decode(ControlError.self, from: Data(failure)) { throw error }
      throw ControlError(status: reader.status, message: "The agent answered with status \(reader.status).")
    }
  }
}

/// A connection to a socket, closed with its last use.
private struct Connection: ~Copyable {
  fileprivate let descriptor: CInt

  static func open(_ path: String, _ start: String) throws(ControlError) -> Connection {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw ControlError(status: 0, message: "The socket's path is too long: \(path)")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else {
      throw ControlError(status: 0, message: "No socket can be opened: \(reason(errno))")
    }
    let connection = Connection(descriptor: descriptor)
    let result = withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    if result != 0 { throw ControlError(status: 0, message: refusal(errno, path, start)) }
    return connection
  }

  deinit { close(descriptor) }

  private static func refusal(_ number: CInt, _ path: String, _ start: String) -> String {
    switch number {
    case ENOENT, ECONNREFUSED:
      "No agent is running here: nobody answers at \(path). Start one: \(start)."
    case EACCES, EPERM:
      "You may not talk to the agent: \(path) is for root and the socket's group. Use sudo, or join that group."
    default: "The agent cannot be reached at \(path): \(reason(number))"
    }
  }

  private static func reason(_ number: CInt) -> String { String(cString: strerror(number)) }

  func send(_ bytes: [UInt8]) throws(ControlError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
      if count < 0 {
        if errno == EINTR { continue }
        // The agent may have answered already, and closed: read what it said.
        if errno == EPIPE || errno == ECONNRESET { return }
        throw ControlError(status: 0, message: "The agent cannot be asked: \(Self.reason(errno))")
      }
      rest = rest.dropFirst(count)
    }
  }

  /// The next bytes; nil at the end.
  func receive() throws(ControlError) -> [UInt8]? {
    while true {
      var number: CInt = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
        let received = read(descriptor, buffer.baseAddress, buffer.count)
        number = errno
        count = max(received, 0)
        if received >= 0 { number = 0 }
      }
      if !bytes.isEmpty { return bytes }
      switch number {
      case 0, ECONNRESET: return nil
      case EINTR: continue
      default: throw ControlError(status: 0, message: "The agent's answer cannot be read: \(Self.reason(number))")
      }
    }
  }
}
