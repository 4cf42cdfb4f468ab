// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel
import Synchronization
import Testing

@testable import MeropsSinks

/// Events as a store has them, with a place that moves when they are acknowledged.
final class FakeStore: Sendable {
  private let events: [Event]
  private let place = Mutex(0)

  init(_ batch: EventBatch) { events = Array(batch) }

  var isDone: Bool { place.withLock { $0 == events.count } }

  var source: EventSource {
    EventSource(
      next: { limit in
        let start = self.place.withLock { $0 }
        var builder = EventBatchBuilder()
        for event in self.events[start..<min(start + limit, self.events.count)] { builder.append(event) }
        return builder.isEmpty ? nil : builder.finish()
      },
      wait: { seconds in
        if !self.isDone { return true }
        usleep(UInt32(seconds * 1e6))
        return !self.isDone
      },
      acknowledge: { id in
        self.place.withLock { $0 = (self.events.firstIndex { $0.id == id } ?? -1) + 1 }
      })
  }
}

/// A server on loopback: it takes one connection after the other, and answers each request with the next of some answers, or
/// the last of them.
final class TestServer: Sendable {
  struct Request: Sendable {
    var line: String
    var headers: [String: String]
    var body: [UInt8]
  }

  private let descriptor: Int32
  let port: UInt16
  private let taken = Mutex<[Request]>([])
  private let answers: Mutex<[String]>

  var requests: [Request] { taken.withLock { $0 } }

  /// - Parameters:
  ///   - answers: The status line's rest, and the body behind a space, if any: `200 OK`.
  ///   - port: 0 for any that is free.
  init(_ answers: [String], port wanted: UInt16 = 0) throws {
    (descriptor, port) = try Self.listen(wanted)
    self.answers = Mutex(answers)
    Thread { [self] in serve() }.start()
  }

  /// Ends it; clients are refused from now on.
  func stop() {
    shutdown(descriptor, Int32(SHUT_RDWR))
  }

  static func listen(_ wanted: UInt16, _ type: __socket_type = SOCK_STREAM) throws -> (Int32, UInt16) {
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

func eventually(_ condition: () throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation) rethrows {
  for _ in 0..<6_000 {
    if try condition() { return }
    usleep(10_000)
  }
  Issue.record("It did not come true within a minute.", sourceLocation: sourceLocation)
}

final class Reports: Sendable {
  private let lines = Mutex<[String]>([])
  var take: @Sendable (String) -> Void { { line in self.lines.withLock { $0.append(line) } } }
  var all: [String] { lines.withLock { $0 } }
}

/// An event of each kind, with every field of its kind and of its process.
func everyKind() -> EventBatch {
  func fill(_ facts: inout Facts, _ fields: [Field]) {
    for field in fields {
      switch field.type {
      case .bool: facts.append(field, true)
      case .int: facts.append(field, Int64(3))
      case .uint: facts.append(field, UInt64(0o100644))
      case .text: facts.append(field, .text(Text(field == .networkTransport ? "tcp" : "/dir/\(field.name)")))
      case .texts: facts.append(field, .texts(["A=1", "two words"]))
      case .address: facts.append(field, .address(Address(ipv4: 0xc000_0201)))
      }
    }
  }
  var common = Facts()
  fill(&common, EventReference.commonFields.filter { $0 != .eventKind && $0 != .eventTime && $0 != .eventError })
  let parent = MeropsModel.Process(key: ProcessKey(start: 5, pid: 1), generation: 0, parent: nil, facts: common)
  let process = MeropsModel.Process(key: ProcessKey(start: 9, pid: 77), generation: 1, parent: parent, facts: common)
  var builder = EventBatchBuilder()
  for (index, kind) in EventKind.allCases.enumerated() {
    var facts = Facts()
    fill(&facts, EventReference.fields(of: kind))
    if index % 5 == 4 { facts.append(.eventError, UInt64(13)) }
    builder.append(
      kind, id: EventID(rawValue: 7_300_000_000_000_000_000 + UInt64(index)),
      time: 1_790_000_000_123_456_789 + UInt64(index), by: process, facts)
  }
  // With nothing but a process.
  for (index, kind) in EventKind.allCases.enumerated() {
    builder.append(
      kind, id: EventID(rawValue: 7_300_000_000_000_001_000 + UInt64(index)), time: 1_790_000_001_000_000_000,
      by: MeropsModel.Process(key: ProcessKey(start: 0, pid: 1), generation: 0, parent: nil, facts: Facts()))
  }
  return builder.finish()
}

/// Each line, as Foundation reads it.
func parsed(_ format: any EventFormat, _ batch: EventBatch) throws -> [[String: Any]] {
  var format = format
  var text: [UInt8] = []
  for event in batch { format.append(event, to: &text) }
  return try text.split(separator: 0x0a).map { line in
    try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
  }
}
