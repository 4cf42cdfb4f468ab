// SPDX-License-Identifier: Apache-2.0

public import Foundation
import Synchronization

/// A server on loopback: it takes one connection after the other, and answers each request with the next of some answers, or
/// the last of them.
public final class TestServer: Sendable {
  public struct Request: Sendable {
    public var line: String
    public var headers: [String: String]
    public var body: [UInt8]
  }

  private let descriptor: Int32
  public let port: UInt16
  private let taken = Mutex<[Request]>([])
  private let answers: Mutex<[String]>

  public var requests: [Request] { taken.withLock { $0 } }

  /// - Parameters:
  ///   - answers: The status line's rest, and the body behind a space, if any: `200 OK`.
  ///   - port: 0 for any that is free.
  public init(_ answers: [String], port wanted: UInt16 = 0) throws {
    (descriptor, port) = try Self.listen(wanted)
    self.answers = Mutex(answers)
    Thread { [self] in serve() }.start()
  }

  /// Ends it; clients are refused from now on.
  public func stop() {
    shutdown(descriptor, Int32(SHUT_RDWR))
  }

  public static func listen(_ wanted: UInt16, _ type: __socket_type = SOCK_STREAM) throws -> (Int32, UInt16) {
    let descriptor = socket(AF_INET, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var one: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = wanted.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    try withUnsafeMutablePointer(to: &address) { pointer in
      try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        guard bind(descriptor, address, size) == 0, type == SOCK_DGRAM || Glibc.listen(descriptor, 16) == 0,
          getsockname(descriptor, address, &size) == 0
        else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
      }
    }
    return (descriptor, UInt16(bigEndian: address.sin_port))
  }

  private func serve() {
    defer { close(descriptor) }
    while true {
      let client = accept(descriptor, nil, nil)
      if client < 0 {
        if errno == EINTR { continue }
        return
      }
      Thread { [self] in
        while let request = read(client) {
          taken.withLock { $0.append(request) }
          let answer = answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
          let parts = answer.split(separator: "\n", maxSplits: 1).map(String.init)
          let body = parts.count > 1 ? parts[1] : ""
          let text = "HTTP/1.1 \(parts[0])\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
          _ = send(client, text, text.utf8.count, Int32(MSG_NOSIGNAL))
        }
        close(client)
      }.start()
    }
  }

  private func read(_ client: Int32) -> Request? {
    var bytes: [UInt8] = []
    var space = [UInt8](repeating: 0, count: 65_536)
    func more() -> Bool {
      let count = recv(client, &space, space.count, 0)
      if count > 0 { bytes += space[..<count] }
      return count > 0
    }
    let end = Array("\r\n\r\n".utf8)
    while bytes.firstRange(of: end) == nil { if !more() { return nil } }
    guard let range = bytes.firstRange(of: end) else { return nil }
    let lines = String(decoding: bytes[..<range.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      if parts.count == 2 { headers[parts[0].lowercased()] = parts[1] }
    }
    if headers["expect"] == "100-continue" {
      _ = send(client, "HTTP/1.1 100 Continue\r\n\r\n", 25, Int32(MSG_NOSIGNAL))
    }
    let length = Int(headers["content-length"] ?? "") ?? 0
    while bytes.count < range.upperBound + length { if !more() { return nil } }
    return Request(line: lines[0], headers: headers, body: Array(bytes[range.upperBound..<range.upperBound + length]))
  }
}
