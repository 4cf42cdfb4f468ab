// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import BPF

/// A congestion control of programs: sockets that ask for it by name are served by it.
@Suite(.requires(.root), .works(from: "5.6")) struct StructOpsLinkTests {
  @Test func aSocketUsesIt() throws {
    let collection = try load("struct_ops")
    do {
      let link = try collection.registerStructOps("merops_cc")
      let namespace = try NetworkNamespace()
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
    try NetworkNamespace().run {
      let listener = try TestStream.listening()
      #expect(throws: Shell.Failed.self) {
        _ = try TestStream.connected(to: listener.port, congestionControl: "merops_cc")
      }
    }
  }
}
