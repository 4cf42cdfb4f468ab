// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import BPF

/// Programs on network namespaces, netfilter, sockets and maps of sockets.
@Suite(.requires(.root)) struct NetworkLinkTests {
  private static let namespacePath = "/proc/thread-self/ns/net"

  @Test func socketLookup() throws {
    let collection = try load("sk_lookup")
    try TestNamespace().run {
      let listener = try TestStream.listening()
      try DescriptorMap<UInt32>(collection.map("target")).set(descriptor: listener.descriptor, for: 0)
      do {
        let link = try collection.program("steer").attach(to: .networkNamespace(path: Self.namespacePath))
        let near = try TestStream.connected(to: 7)
        let far = try listener.accepted()
        try near.send("steered")
        #expect(far.receive() == "steered")
        #expect(try collection.counter("steered") == 1)
        try link.detach()
      }
      #expect(throws: Shell.Failed.self) { try TestStream.connected(to: 7) }
    }
  }

  /// Another listener's program in its place.
  @Test func socketLookupExchanged() throws {
    let (first, second) = (try load("sk_lookup"), try load("sk_lookup"))
    try TestNamespace().run {
      let listener = try TestStream.listening()
      for collection in [first, second] {
        try DescriptorMap<UInt32>(collection.map("target")).set(descriptor: listener.descriptor, for: 0)
      }
      let link = try first.program("steer").attach(to: .networkNamespace(path: Self.namespacePath))
      try link.update(to: second.program("steer"))
      _ = try TestStream.connected(to: 7)
      #expect(try first.counter("steered") == 0)
      #expect(try second.counter("steered") == 1)
      let info = try link.info()
      #expect(info.type == .networkNamespace && info.attachType == .skLookup)
      #expect(try info.networkNamespaceInode == NetworkNamespace.current().inode)
      try link.detach()
    }
  }

  /// The kernel dissects what a raw socket sends.
  @Test func flowDissector() throws {
    let collection = try load("flow_dissector")
    try TestNamespace().run {
      let link = try collection.program("dissect").attach(to: .networkNamespace(path: Self.namespacePath))
      #expect(try collection.rise(of: "dissected") { try sendRaw() } > 0)
      let error = #expect(throws: BPFError.self) {
        _ = try collection.program("dissect").attach(to: .networkNamespace(path: Self.namespacePath))
      }
      #expect(error?.hint?.contains("another program") == true)
      try link.detach()
      #expect(eventually { (try? collection.rise(of: "dissected") { try sendRaw() }) == 0 })
    }
  }

  private func sendRaw() throws {
    let packet = Packet(.ethernet(), .ipv4(from: "127.0.0.1", to: "127.0.0.1"), .udp(from: 1, to: 2), .payload([1]))
    let descriptor = socket(AF_PACKET, CInt(SOCK_RAW.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw Shell.Failed(description: "AF_PACKET: \(errno)") }
    defer { close(descriptor) }
    // struct sockaddr_ll: family, protocol, index, and an address that the packet has itself.
    var name = [UInt8](repeating: 0, count: 20)
    name.withUnsafeMutableBytes { bytes in
      bytes.storeBytes(of: UInt16(AF_PACKET), as: UInt16.self)
      bytes.storeBytes(of: UInt16(0x0800).bigEndian, toByteOffset: 2, as: UInt16.self)
      bytes.storeBytes(of: Int32(if_nametoindex("lo")), toByteOffset: 4, as: Int32.self)
    }
    let sent = name.withUnsafeBytes { name in
      name.withMemoryRebound(to: sockaddr.self) {
        sendto(descriptor, packet.bytes, packet.bytes.count, 0, $0.baseAddress, 20)
      }
    }
    guard sent == packet.bytes.count else { throw Shell.Failed(description: "sending a raw packet: \(errno)") }
  }

  @Test(.works(from: "6.4")) func netfilter() throws {
    let collection = try load("netfilter")
    try TestNamespace().run {
      let (receiver, sender) = (try TestSocket(address: "127.0.0.1", port: 7200), try TestSocket())
      func send(_ byte: UInt8) throws { try sender.send([byte], to: "127.0.0.1", port: 7200) }
      do {
        let link = try collection.program("on_packet").attach(
          to: .netfilter(family: .ipv4, hook: .localIn, priority: -100))
        try send(1)
        #expect(receiver.receive() == [1])
        #expect(try collection.counter("packets") == 1)
        try collection.setGlobal("drop", to: UInt32(1))
        try send(2)
        // Loopback delivers before sendto returns, but for a busy softirq.
        #expect(try eventually { try collection.counter("packets") == 2 })
        try collection.setGlobal("drop", to: UInt32(0))
        try send(3)
        #expect(receiver.receive() == [3])
        #expect(try collection.counter("packets") == 3)
        let info = try link.info().netfilter
        #expect(info == LinkInfo.Netfilter(family: .ipv4, hook: .localIn, priority: -100, defragments: false))
      }
      let isSilent = try eventually {
        let rise = try collection.rise(of: "packets") {
          try send(4)
          #expect(receiver.receive() == [4])
        }
        return rise == 0
      }
      #expect(isSilent)
    }
  }

  /// A message that is sent on one connection comes out of another.
  @Test func messagesOfASockmap() throws {
    let collection = try load("sockmap", only: ["redirect_message"])
    try TestNamespace().run {
      let sockets = try DescriptorMap<UInt32>(collection.map("sockets"))
      let link = try collection.program("redirect_message").attach(to: .sockmap(collection.map("sockets")))
      let (first, firstPeer) = try TestStream.pair()
      let (second, secondPeer) = try TestStream.pair()
      try sockets.set(descriptor: first.descriptor, for: 0)
      try sockets.set(descriptor: second.descriptor, for: 1)
      try collection.setGlobal("destination", to: UInt32(1))
      try first.send("redirected")
      #expect(second.receive() == "redirected")
      #expect(try collection.counter("messages") == 1)
      try link.detach()
      let (third, thirdPeer) = try TestStream.pair()
      try sockets.set(descriptor: third.descriptor, for: 2)
      try third.send("direct")
      #expect(thirdPeer.receive() == "direct")
      #expect(try collection.counter("messages") == 1)
      withExtendedLifetime((firstPeer, secondPeer)) {}
    }
  }

  @Test func streamsOfASockmap() throws {
    let collection = try load("sockmap", only: ["parse", "verdict"])
    try TestNamespace().run {
      let streams = try collection.map("streams")
      let parser = try collection.program("parse").attach(to: .sockmap(streams))
      let verdict = try collection.program("verdict").attach(to: .sockmap(streams))
      let (near, far) = try TestStream.pair()
      try DescriptorMap<UInt32>(streams).set(descriptor: far.descriptor, for: 0)
      try near.send("seen")
      #expect(far.receive() == "seen")
      #expect(try collection.counter("segments") > 0)
      try verdict.detach()
      try parser.detach()
    }
  }

  @Test(.works(from: "6.10")) func sockmapByLink() throws {
    let collection = try load("sockmap", only: ["verdict"])
    let link = try collection.program("verdict").attach(to: .sockmap(collection.map("streams")))
    let info = try link.info()
    #expect(try info.type == .sockmap && info.mapID == collection.map("streams").info.id)
    try link.detach()
  }

  @Test func socketFilter() throws {
    let collection = try load("socket", only: ["filter"])
    try TestNamespace().run {
      let (receiver, sender) = (try TestSocket(address: "127.0.0.1", port: 7300), try TestSocket())
      func send(_ byte: UInt8) throws { try sender.send([byte, 2, 3], to: "127.0.0.1", port: 7300) }
      do {
        let link = try collection.program("filter").attach(to: .socket(descriptor: receiver.descriptor))
        try send(1)
        #expect(receiver.receive() == [1, 2, 3])
        #expect(try collection.counter("packets") == 1)
        try collection.setGlobal("keep", to: UInt32(0))
        try send(4)
        #expect(try eventually { try collection.counter("packets") == 2 })
        let isKernelLink = link.isKernelLink
        #expect(!isKernelLink)
      }
      try send(5)
      #expect(receiver.receive() == [5, 2, 3])
      #expect(try collection.counter("packets") == 2)
    }
  }

  /// Which of two sockets of one port gets a datagram.
  @Test func reuseport() throws {
    let collection = try load("socket", only: ["choose"])
    try TestNamespace().run {
      let members = try (0..<2).map { _ in try TestSocket(address: "127.0.0.1", port: 7400, sharesPort: true) }
      let listeners = try DescriptorMap<UInt32>(collection.map("listeners"))
      for (index, member) in members.enumerated() {
        try listeners.set(descriptor: member.descriptor, for: UInt32(index))
      }
      let link = try collection.program("choose").attach(to: .socket(descriptor: members[0].descriptor))
      let sender = try TestSocket()
      for chosen in [0, 1, 1, 0] {
        try collection.setGlobal("chosen", to: UInt32(chosen))
        try sender.send([7], to: "127.0.0.1", port: 7400)
        #expect(members[chosen].receive() == [7])
        #expect(members[1 - chosen].receive(milliseconds: 0) == nil)
      }
      try link.detach()
    }
  }
}
