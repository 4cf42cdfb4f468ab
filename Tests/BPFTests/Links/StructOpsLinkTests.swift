// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import BPF

/// A congestion control of programs: sockets that ask for it by name are served by it. A name can be registered once.
@Suite(.serialized, .requires(.root), .congestionControls) struct StructOpsLinkTests {
  static var congestionControls: Set<String> {
    let text =
      (try? String(contentsOfFile: "/proc/sys/net/ipv4/tcp_available_congestion_control", encoding: .utf8)) ?? ""
    return Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
  }

  /// A link that is let go of is there until whoever lists links lets go of it, too.
  private static func isFree(_ name: String) -> Bool { eventually { !congestionControls.contains(name) } }

  @Test(.works(from: "5.6")) func structOpsAreRegistered() throws {
    let collection = try load("struct_ops")
    #expect(!Self.congestionControls.contains("merops_cc"))
    let report = try collection.attachAll()
    #expect(report.attached.map(\.name) == ["merops_cc"])
    #expect(Self.congestionControls.contains("merops_cc"))
    collection.close()
    #expect(!Self.congestionControls.contains("merops_cc"))
  }

  @Test(.works(from: "6.4")) func structOpsByLink() throws {
    let collection = try load("struct_ops_link")
    do {
      let link = try collection.registerStructOps("merops_first")
      let isKernelLink = link.isKernelLink
      #expect(isKernelLink)
      #expect(Self.congestionControls.contains("merops_link"))
      // The same name cannot be registered twice.
      #expect(throws: BPFError.self) { _ = try collection.registerStructOps("merops_second") }
    }
    #expect(Self.isFree("merops_link"))
    let error = #expect(throws: BPFError.self) { try collection.attachAll() }
    #expect(error?.code == .exists)
    #expect(collection.links.isEmpty)
    #expect(Self.isFree("merops_link"))
  }

  /// Operations are exchanged in place, here by those of another collection too.
  @Test(.works(from: "6.4")) func structOpsAreReplaced() throws {
    let (collection, other) = (try load("struct_ops_link"), try load("struct_ops_link"))
    do {
      let link = try collection.registerStructOps("merops_first")
      #expect(try registered(link) == collection.map("merops_first").info.id)
      try collection.replaceStructOps(of: link, with: "merops_second")
      #expect(try registered(link) == collection.map("merops_second").info.id)
      #expect(Self.congestionControls.contains("merops_link"))
      try other.replaceStructOps(of: link, with: "merops_first")
      #expect(try registered(link) == other.map("merops_first").info.id)
      // Another one is registered than the caller thinks.
      let error = #expect(throws: BPFError.self) {
        try link.update(to: collection.map("merops_first"), expecting: collection.map("merops_second"))
      }
      #expect(error?.code == .permission)
    }
    #expect(Self.isFree("merops_link"))
  }

  /// The map that a link has registered.
  private func registered(_ link: borrowing Link) throws -> UInt32? {
    let info = try link.info()
    return info.type == .structOps ? info.mapID : nil
  }

  @Test(.works(from: "5.6")) func aSocketUsesIt() throws {
    let collection = try load("struct_ops")
    do {
      let link = try collection.registerStructOps("merops_cc")
      let namespace = try TestNamespace()
      try namespace.run {
        let listener = try TestStream.listening()
        let near = try TestStream.connected(to: listener.port, congestionControl: "merops_cc")
        let far = try listener.accepted()
        try near.send("controlled")
        #expect(far.receive() == "controlled")
      }
      #expect(try collection.counter("sockets") == 1)
      try link.detach()
    }
    try TestNamespace().run {
      let listener = try TestStream.listening()
      #expect(throws: Shell.Failed.self) {
        _ = try TestStream.connected(to: listener.port, congestionControl: "merops_cc")
      }
    }
  }
}
