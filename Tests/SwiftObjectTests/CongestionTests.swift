// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFObject
import Foundation
import SwiftObjects
import TestSupport
import Testing

/// A congestion control whose operations are Swift functions: registered, used by a socket that asks for it, and gone.
@Suite(.requires(.root), .requires(.kernelBTF), .serialized) struct CongestionTests {
  private static let name = "merops_swift"

  private var isRegistered: Bool {
    let file = "/proc/sys/net/ipv4/tcp_available_congestion_control"
    let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
    return text.split(whereSeparator: \.isWhitespace).contains { $0 == Self.name }
  }

  private func bytes() throws -> [UInt8] { try #require(SwiftCorpus["congestion"]) }

  @Test func theObjectHoldsTheKernelsStructure() throws {
    let spec = try ObjectSpec(bytes: try bytes())
    let map = try #require(spec.maps.first { $0.type == .structOps })
    #expect(map.name == "meropsSwift")
    #expect(map.sectionName == ".struct_ops.link")
    #expect(
      map.operations.map { "\($0.member) \($0.program)" }.sorted() == [
        "cong_avoid avoid", "ssthresh threshold", "undo_cwnd undo",
      ])
    guard case .bytes(let contents) = map.contents else {
      Issue.record("no contents")
      return
    }
    #expect(contents == [UInt8](repeating: 0, count: 24) + Array("merops_swift\0\0\0\0".utf8))
  }

  @Test(.requires(kernel: "6.4")) func aConnectionUsesIt() throws {
    let collection = try Collection(bytes: try bytes(), name: "congestion")
    try collection.load()
    #expect(!isRegistered)
    let report = try collection.attachAll()
    #expect(report.attached.map(\.name) == ["meropsSwift"])
    #expect(isRegistered)
    let namespace = try NetworkNamespace()
    try namespace.run {
      let stream = try LocalStream(congestionControl: Self.name)
      #expect(stream.congestionControl == Self.name)
      try stream.pass([UInt8](repeating: 7, count: 1 << 14))
    }
    #expect(try collection.global("acknowledged", as: UInt64.self) > 0)
    collection.close()
    // Sockets that still have it keep it for as long as they live.
    #expect(!isRegistered)
    try namespace.run {
      _ = #expect(throws: LocalStream.Failed(call: "setsockopt")) { _ = try LocalStream(congestionControl: Self.name) }
    }
  }
}

/// A TCP connection of the process with itself, over loopback.
private struct LocalStream: ~Copyable {
  struct Failed: Error, Equatable { var call: String }

  /// `TCP_CONGESTION`
  private static let option: CInt = 13

  private let near = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
  private let far: CInt

  init(congestionControl name: String) throws {
    let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let near = near
    var failed: String?
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        if setsockopt(near, CInt(IPPROTO_TCP), Self.option, name, socklen_t(name.utf8.count)) != 0 {
          failed = "setsockopt"
        } else if bind(listener, address, size) != 0 || listen(listener, 1) != 0
          || getsockname(listener, address, &size) != 0
        {
          failed = "listen"
        } else if connect(near, address, size) != 0 {
          failed = "connect"
        }
      }
    }
    far = failed == nil ? accept(listener, nil, nil) : -1
    if let failed { throw Failed(call: failed) }
    guard far >= 0 else { throw Failed(call: "accept") }
  }

  deinit {
    close(near)
    if far >= 0 { close(far) }
  }

  var congestionControl: String {
    var name = [UInt8](repeating: 0, count: 16)
    var size = socklen_t(name.count)
    guard getsockopt(near, CInt(IPPROTO_TCP), Self.option, &name, &size) == 0 else { return "" }
    return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// Sends bytes there, and an answer back, with which they are acknowledged.
  func pass(_ bytes: [UInt8]) throws {
    guard send(near, bytes, bytes.count, 0) == bytes.count else { throw Failed(call: "send") }
    var room = [UInt8](repeating: 0, count: bytes.count)
    guard recv(far, &room, room.count, CInt(MSG_WAITALL)) == bytes.count, room == bytes else {
      throw Failed(call: "recv")
    }
    guard send(far, room, 1, 0) == 1, recv(near, &room, 1, 0) == 1 else { throw Failed(call: "answer") }
  }
}
