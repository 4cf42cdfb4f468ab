// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import Foundation
import TestSupport
import Testing

@testable import BPF

/// What a link can do, wherever it is attached.
@Suite(.requires(.root)) struct LinkTests {
  /// A pinned link outlives its owner; the opened one can end it.
  @Test(arguments: [("on_classic", "classic"), ("on_raw", "raw"), ("on_typed", "typed")])
  func pinned(program: String, counter: String) throws {
    let pins = try TestBPFFS()
    let path = "\(pins.path)/link"
    let collection = try loadForThisThread("tracepoint_arguments", only: [program])
    let isPinned = try supported(
      from: program == "on_classic" ? "5.15" : "5.8", "pinning a link of \(program)"
    ) {
      let link = try collection.program(program).attach()
      try link.pin(at: path)
      return true
    }
    guard isPinned == true else { return }
    #expect(try collection.rises(counter, by: 1) { _ = getpgid(0) })
    let again = try Link.open(pinned: path)
    let info = try again.info()
    #expect(info.programID == (try collection.program(program).id()))
    #expect(try Link.ids().contains(info.id))
    try again.detach()
    // A tracing link ends with its last reference, which is the pin.
    #expect(try collection.rises(counter, by: 1) { _ = getpgid(0) })
    unlink(path)
    // The kernel detaches behind our back.
    #expect(eventually { (try? collection.rise(of: counter) { _ = getpgid(0) }) == 0 })
  }

  @Test func unpinned() throws {
    let pins = try TestBPFFS()
    let path = "\(pins.path)/link"
    let collection = try loadForThisThread("tracepoint_arguments", only: ["on_raw"])
    do {
      let link = try collection.program("on_raw").attach()
      try link.pin(at: path)
    }
    #expect(try collection.rises("raw", by: 1) { _ = getpgid(0) })
    try Link.unpin(path)
    #expect(pins.entries.isEmpty)
    #expect(eventually { (try? collection.rise(of: "raw") { _ = getpgid(0) }) == 0 })
    let error = #expect(throws: BPFError.self) { try Link.unpin(path) }
    #expect(error?.code == .notFound)
    // What is not a link's pin stays.
    try collection.program("on_raw").pin(at: path)
    let other = #expect(throws: BPFError.self) { try Link.unpin(path) }
    #expect(other?.code == .wrongKind)
    #expect(pins.entries == ["link"])
  }

  @Test func detachedThoughPinned() throws {
    let pins = try TestBPFFS()
    let collection = try load("xdp", only: ["drop"])
    let wire = try Wire()
    try wire.pair.near.run {
      let link = try collection.program("drop").attach(to: .xdp(interface: "veth0", mode: .generic))
      try link.pin(at: "\(pins.path)/xdp")
      let info = try link.info()
      #expect(info.type == .xdp && info.interfaceIndex == UInt32(wire.pair.nearIndex))
      try link.detach()
      #expect(try wire.delivers())
    }
  }

  @Test func openedByID() throws {
    let collection = try loadForThisThread("tracepoint_arguments", only: ["on_raw"])
    let link = try collection.program("on_raw").attach()
    let id = try link.info().id
    do {
      let other = try Link.open(id: id)
      #expect(try other.info() == link.info())
    }
    // The other reference going does not detach.
    #expect(try collection.rises("raw", by: 1) { _ = getpgid(0) })
    try link.detach()
    func opening() -> BPFError.Code? {
      do {
        _ = try Link.open(id: id)
        return nil
      } catch {
        return error.code
      }
    }
    // Until whoever lists links lets go of it.
    #expect(eventually { opening() == .notFound })
  }

  @Test(.works(from: "5.15")) func perfLinkInformation() throws {
    let collection = try loadForThisThread("tracepoint_arguments", only: ["on_classic"])
    let link = try collection.program("on_classic").attach()
    let info = try link.info()
    #expect(info.type == .perfEvent)
    // Before 6.6 the kernel does not say where such a link is.
    guard KernelVersion.running >= "6.6" else {
      #expect(info.perfEventKind == nil && info.name == nil)
      return
    }
    #expect(info.perfEventKind == .tracepoint && info.name == "sys_enter_getpgid" && info.cookies == [0])
  }

  @Test func rawTracepointInformation() throws {
    let collection = try loadForThisThread("tracepoint_arguments", only: ["on_raw"])
    let link = try collection.program("on_raw").attach()
    let info = try link.info()
    #expect(info.type == .rawTracepoint && info.name == "sys_enter")
    #expect("\(info.type)" == "raw_tracepoint" && !info.type.isDetachable)
    #expect("\(LinkType(rawValue: 99))" == "link type 99")
  }

  /// Tracing links have no exchange in place.
  @Test(arguments: ["on_classic", "on_typed"]) func cannotBeUpdated(program: String) throws {
    let collection = try loadForThisThread("tracepoint_arguments", only: [program])
    let link = try collection.program(program).attach()
    let error = #expect(throws: BPFError.self) { try link.update(to: collection.program(program)) }
    #expect(error?.code == .unsupported)
    #expect(error?.hint?.contains("attach the new program") == true)
  }

  @Test func pinningWhereThereIsNoFileSystem() throws {
    let collection = try loadForThisThread("tracepoint_arguments", only: ["on_raw"])
    let link = try collection.program("on_raw").attach()
    let error = #expect(throws: BPFError.self) { try link.pin(at: "/proc/merops-link") }
    #expect(error != nil)
  }

  /// Attaching, reading what was attached, and detaching leaves no descriptor open.
  @Test func nothingLeaks() throws {
    _ = try? KernelTypes.current().vmlinux
    try expectNoLeak {
      let collection = try loadForThisThread("tracepoint_arguments")
      for program in collection.programs {
        let link = try program.attach()
        _ = try? link.info()
        try link.detach()
        _ = try program.attach()
      }
      collection.close()
    }
    try expectNoLeak {
      let probe = try loadForThisThread("uprobe", only: ["on_entry"])
      let uprobe = Hook.Uprobe(path: ProbedFunction.library, symbol: ProbedFunction.makedev, processID: getpid())
      let link = try probe.program("on_entry").attach(to: .uprobe(uprobe))
      try link.detach()
      _ = try probe.program("on_entry").attach(to: .uprobe(uprobe))
      probe.close()
    }
    try expectNoLeak {
      let namespace = try TestNamespace()
      try namespace.check("ip link add veth0 type veth peer name veth1")
      let (xdp, tc) = (try load("xdp", only: ["pass"]), try load("tc", only: ["ingress"]))
      try namespace.run {
        let link = try xdp.program("pass").attach(to: .xdp(interface: "veth0"))
        try link.detach()
        let index = try Interface.name("veth0").resolved()
        try tc.program("ingress").attach(to: .trafficControl(interface: "veth0", direction: .ingress)).detach()
        try tc.program("ingress").attachClsact(index, direction: .egress, "tc").detach()
        // What fails leaves nothing either.
        _ = try? xdp.program("pass").attach(to: .xdp(interface: "nothing"))
        _ = try? tc.program("ingress").attach(to: .xdp(interface: "veth0"))
      }
      xdp.close()
      tc.close()
    }
  }
}
