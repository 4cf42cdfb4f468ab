// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestSupport
import Testing

@testable import BPF

/// XDP programs on a cable between two network namespaces.
@Suite(.requires(.root)) struct XDPLinkTests {
  @Test(arguments: [Hook.XDPMode.automatic, .generic, .native]) func sees(mode: Hook.XDPMode) throws {
    let wire = try Wire()
    let collection = try load("xdp", only: ["pass"])
    try wire.pair.near.run {
      #expect(try wire.delivers())
      do {
        let link = try collection.program("pass").attach(to: .xdp(interface: "veth0", mode: mode))
        let before = try collection.packets(0)
        #expect(try wire.delivers())
        #expect(try collection.packets(0) > before)
        try link.detach()
      }
      let after = try collection.packets(0)
      #expect(try wire.delivers())
      #expect(try collection.packets(0) == after)
    }
  }

  @Test func droppingAndLettingGo() throws {
    let wire = try Wire()
    let collection = try load("xdp", only: ["drop"])
    try wire.pair.near.run {
      do {
        let link = try collection.program("drop").attach(to: .xdp(interface: "veth0", mode: .native))
        #expect(try wire.sends { try collection.packets(1) })
        #expect(wire.receiver.receive(milliseconds: 0) == nil)
        #expect(link.place == "xdp on veth0")
      }
      #expect(try wire.deliversAgain())
    }
  }

  /// Exchanged in place again and again while packets flow: each is seen by one of the two programs, and only those
  /// that `pass` saw come out.
  @Test func exchangedWhileTrafficFlows() throws {
    let wire = try Wire()
    let collection = try load("xdp", only: ["pass", "drop"])
    let stops = Atomic<Bool>(false)
    try wire.pair.near.run {
      let (pass, drop) = (try collection.program("pass"), try collection.program("drop"))
      let link = try pass.attach(to: .xdp(interface: "veth0", mode: .generic))
      let ended = DispatchSemaphore(value: 0)
      let traffic = Thread {
        while !stops.load(ordering: .relaxed) {
          try? wire.send()
          usleep(200)
        }
        ended.signal()
      }
      traffic.start()
      defer {
        stops.store(true, ordering: .relaxed)
        ended.wait()
      }
      var received = 0
      for round in 0..<20 {
        let isDropping = round % 2 == 0
        try link.update(to: isDropping ? drop : pass, expecting: isDropping ? pass : drop)
        let slot: UInt32 = isDropping ? 1 : 0
        let before = try collection.packets(slot)
        #expect(eventually { ((try? collection.packets(slot)) ?? 0) > before })
        while wire.receiver.receive(milliseconds: 0) != nil { received += 1 }
      }
      #expect(received > 0)
      #expect(try collection.packets(0) >= UInt64(received))
      let error = #expect(throws: BPFError.self) { try link.update(to: drop, expecting: drop) }
      #expect(error?.hint?.contains("expected") == true)
    }
  }

  @Test func theSecondOneIsRefused() throws {
    let wire = try Wire()
    let collection = try load("xdp", only: ["pass", "drop"])
    let error = try wire.pair.near.run {
      let link = try collection.program("pass").attach(to: .xdp(interface: "veth0"))
      let error = #expect(throws: BPFError.self) {
        _ = try collection.program("drop").attach(to: .xdp(interface: "veth0"))
      }
      try link.detach()
      _ = try collection.program("drop").attach(to: .xdp(interface: "veth0"))
      return error
    }
    #expect(error?.errno == .resourceBusy)
    #expect(error?.hint?.contains("another program") == true)
  }

  @Test func noSuchInterface() throws {
    let collection = try load("xdp", only: ["pass"])
    let error = #expect(throws: BPFError.self) {
      _ = try collection.program("pass").attach(to: .xdp(interface: "no-such-dev"))
    }
    #expect(error?.code == .notFound)
    #expect(error?.description.contains("no-such-dev") == true)
    #expect(throws: BPFError.self) {
      _ = try collection.program("pass").attach(to: .xdp(interface: .index(0x7fff_fff0)))
    }
  }

  /// A device that goes takes its link's attachment along; letting go afterwards is no error.
  @Test func theDeviceGoesFirst() throws {
    let collection = try load("xdp", only: ["pass"])
    let namespace = try TestNamespace()
    try namespace.run {
      try Shell.check("ip link add veth0 type veth peer name veth1")
      let link = try collection.program("pass").attach(to: .xdp(interface: "veth0"))
      try Shell.check("ip link del veth0")
      try link.detach()
    }
  }

  /// A program that may read the driver's metadata belongs to one device.
  @Test(.works(from: "6.3")) func boundToADevice() throws {
    try TestNamespace().run {
      try Shell.check("ip link add veth0 type veth peer name veth1")
      var options = LoadOptions()
      options.device = .metadata("veth0")
      let collection = try open("xdp", options: options)
      try collection.select(programs: ["pass"])
      try collection.load()
      try collection.program("pass").attach(to: .xdp(interface: "veth0", mode: .native)).detach()
      #expect(throws: BPFError.self) {
        _ = try collection.program("pass").attach(to: .xdp(interface: "veth1", mode: .native))
      }
    }
  }

  /// No device here runs programs itself: the kernel says so, and not that the program is bad.
  @Test func noCardToRunIt() throws {
    try TestNamespace().run {
      try Shell.check("ip link add veth0 type veth peer name veth1")
      var options = LoadOptions()
      options.device = .offload("veth0")
      let collection = try open("xdp", options: options)
      let error = #expect(throws: BPFError.self) { try collection.load() }
      #expect(error?.code != .verifier)
      options.device = .offload("no-such-dev")
      collection.options = options
      #expect(throws: BPFError.self) { try collection.load() }
    }
  }
}

extension BPFCollection {
  /// What `xdp.bpf.c` counted: 0 passed, 1 dropped.
  func packets(_ slot: UInt32) throws -> UInt64 {
    try PerCPUMap<UInt32, UInt64>(map("packets")).sum(slot) ?? 0
  }
}
