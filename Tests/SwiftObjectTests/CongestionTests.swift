// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFObject
import Foundation
import SwiftObjects
import TestSupport
import Testing

/// A congestion control whose operations are Swift functions: registered, used by a socket that asks for it, and gone.
@Suite(.requires(.root), .requires(.kernelBTF), .serialized, .congestionControls) struct CongestionTests {
  private static let name = "merops_swift"

  private var isRegistered: Bool {
    let file = "/proc/sys/net/ipv4/tcp_available_congestion_control"
    let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
    return text.split(whereSeparator: \.isWhitespace).contains { $0 == Self.name }
  }

  @Test func theObjectHoldsTheKernelsStructure() throws {
    let spec = try SwiftCorpus.spec("congestion")
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
    let collection = try SwiftCorpus.load("congestion")
    #expect(!isRegistered)
    let report = try collection.attachAll()
    #expect(report.attached.map(\.name) == ["meropsSwift"])
    #expect(isRegistered)
    let namespace = try TestNamespace()
    try namespace.run {
      let (near, far) = try TestStream.pair(congestionControl: Self.name)
      #expect(near.congestionControl == Self.name)
      let text = String(repeating: "x", count: 4000)
      try near.send(text)
      #expect(far.receive() == text)
      // With the answer they are acknowledged.
      try far.send("received")
      #expect(near.receive() == "received")
    }
    #expect(try collection.global("acknowledged", as: UInt64.self) > 0)
    // None, unless the machine was too busy to answer in time.
    let losses = try collection.global("losses", as: UInt64.self)

    // An answer that gets lost looks like a loss of what was sent, until the answer to its repetition tells that it came
    // twice. That takes a wait between the answer's delay and the first repetition, 40 and 200 ms.
    let filter = try SwiftCorpus.load("packets", ["keep"])
    try namespace.run {
      // No probe comes before the repetition.
      try "0".write(toFile: "/proc/sys/net/ipv4/tcp_early_retrans", atomically: false, encoding: .utf8)
      let isUndone = try eventually {
        let (near, far) = try TestStream.pair(congestionControl: Self.name)
        // It keeps what begins with 0x45, which no port does that the kernel chooses.
        let answerIsLost = try filter.program("keep").attach(to: .socket(descriptor: near.descriptor))
        try near.send("sent")
        #expect(far.receive() == "sent")
        usleep(100_000)
        try answerIsLost.detach()
        usleep(400_000)
        return try collection.global("undone", as: UInt64.self) > 0
      }
      #expect(isUndone)
    }
    #expect(try collection.global("losses", as: UInt64.self) > losses)
    collection.close()
    // Sockets that still have it keep it for as long as they live; so does whoever lists links.
    #expect(eventually { !isRegistered })
    try namespace.run {
      _ = #expect(throws: Shell.Failed.self) { _ = try TestStream.pair(congestionControl: Self.name) }
    }
  }
}
