// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import Glibc
import TestSupport
import Testing

@testable import BPF

/// What a collection attaches by itself.
@Suite(.requires(.root)) struct CollectionAttachTests {
  @Test func whatSaysWhereIsAttachedAndTheRestListed() throws {
    let collection = try load("tail_calls")
    let report = try collection.attachAll()
    #expect(report.attached.isEmpty)
    #expect(Set(report.waiting.map(\.name)) == ["entry", "step_one", "step_two", "empty_slot"])
    #expect(report.waiting.allSatisfy { $0.place == "tc" })
  }

  /// The kernel functions that the program calls are there: the one that no kernel has was tested for and not called.
  @Test(.works(from: "6.2")) func attachedProgramsRun() throws {
    let collection = try load("kfuncs")
    let report = try collection.attachAll()
    #expect(report.attached.map(\.name) == ["look_up"])
    #expect(collection.links.names == ["look_up"])
    _ = getppid()
    #expect(try collection.global("is_absent") as Bool)
    let isTaken = if let link = collection.links.take("look_up") { link.isKernelLink } else { false }
    #expect(isTaken)
    #expect(collection.links.isEmpty)
    #expect(collection.links.withLink("look_up") { $0.isKernelLink } == nil)
  }

  @Test(.sameOnEveryKernel) func symbolsAreSeenByPrograms() throws {
    let collection = try load("externs_ksym")
    _ = try collection.attachAll()
    _ = getppid()
    #expect(try collection.global("is_absent") as Bool)
    #expect(try collection.global("absent_address") as UInt64 == 0)
    let symbols = try KernelSymbols.find(["bpf_map_put"])
    #expect(try collection.global("put_address") as UInt64 == symbols["bpf_map_put"]?.first?.address)
    collection.detachAll()
    #expect(collection.isLoaded)
  }

  /// Many who attach at once attach each program once.
  @Test func attachedOnce() async throws {
    let collection = try load("externs_ksym")
    let attached = try await withThrowingTaskGroup(of: [String].self) { group in
      for _ in 0..<8 { group.addTask { try collection.attachAll().attached.map(\.name) } }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(attached == ["read_symbols"])
  }

  @Test func onlyStructOpsAreReplacedByMaps() throws {
    let (programs, operations) = (try load("tracepoint_arguments", only: ["on_raw"]), try load("tail_calls"))
    let link = try programs.program("on_raw").attach()
    #expect(throws: BPFError.self) { try link.update(to: operations.map("steps")) }
    try link.detach()
  }

  /// A function of one object is replaced in a program of another.
  @Test(.requires(.ownKernel), .works(from: "5.6")) func functionsOfProgramsAreReplaced() throws {
    let target = try load("freplace_target")
    #expect(try target.run("dispatcher") == 2)
    let collection = try load("freplace") {
      try $0.setAttachTarget(of: "replacement", to: "replaceable", in: try target.program("dispatcher"))
    }
    let report = try collection.attachAll()
    #expect(report.attached.map(\.name) == ["replacement"])
    #expect(try target.run("dispatcher") == 1)
    #expect(try collection.global("replaced") as UInt64 == 1)
    collection.detachAll()
    #expect(try target.run("dispatcher") == 2)
  }

  @Test func targetsThatAreNotThere() throws {
    let target = try load("freplace_target")
    let error = #expect(throws: BPFError.self) {
      try load("freplace") {
        try $0.setAttachTarget(of: "replacement", to: "no_such_function", in: try target.program("dispatcher"))
      }
    }
    #expect(error?.code == .notFound)
    #expect(error?.description.contains("loading program replacement") == true)
  }

  @Test func linksArePinnedToo() throws {
    let pins = try TestBPFFS()
    let collection = try load("tracepoint_arguments", only: ["on_raw"])
    _ = try collection.attachAll()
    let made = try supported(from: "5.7", "pinning a raw tracepoint's link") {
      try collection.pinAll(in: "\(pins.path)/probe", links: true)
    }
    collection.close()
    guard let made else { return }
    let path = try #require(made.links["on_raw"])
    let link = try Link.open(pinned: path)
    let isKernelLink = link.isKernelLink
    #expect(isKernelLink)
    try made.remove()
    #expect(pins.entries.isEmpty)
    // What is gone is gone.
    try made.remove()
  }
}
