// SPDX-License-Identifier: Apache-2.0

import BPFObject
import TestSupport
import Testing

@testable import BPF

@Suite(.requires(.root)) struct CollectionPinTests {
  @Test func everythingUnderItsName() throws {
    let pins = try TestBPFFS()
    let collection = try load("tail_calls")
    let made = try collection.pinAll(in: "\(pins.path)/deep/down")
    #expect(made.programs.count == 4)
    #expect(made.maps.count == 2)
    collection.close()
    let again = try Program(pinned: "\(pins.path)/deep/down/step_two")
    #expect(try again.testRun(data: somePacket).returnValue == 42)
    let array = try AnyMap(pinned: "\(pins.path)/deep/down/steps")
    #expect(array.info.type == .programArray)
    try Program.unpin("\(pins.path)/deep/down/step_two")
    try made.remove()
    #expect(pins.entries.isEmpty)
  }

  /// When one name is taken, none of the others stays.
  @Test func allOrNothing() throws {
    let pins = try TestBPFFS()
    let blocker = try load("xdp")
    try blocker.program("pass").pin(at: "\(pins.path)/step_two")
    let collection = try load("tail_calls")
    let error = #expect(throws: BPFError.self) { try collection.pinAll(in: pins.path) }
    #expect(error?.code == .exists)
    #expect(error?.description.contains("step_two") == true)
    #expect(pins.entries == ["step_two"])
  }

  @Test func mapsThatAskForItAreSharedByName() throws {
    let pins = try TestBPFFS()
    var options = LoadOptions()
    options.pinDirectory = "\(pins.path)/shared"
    func opened(_ change: (inout MapSpec) -> Void = { _ in }) throws -> BPFCollection {
      let collection = try open("subprograms", options: options)
      try collection.change(map: "results") {
        $0.pinning = .byName
        change(&$0)
      }
      return collection
    }
    let first = try opened()
    try first.load()
    #expect(pins.entries == ["shared", "shared/results"])
    let second = try opened()
    try second.load()
    #expect(try first.map("results").info.id == second.map("results").info.id)

    // One that is different is not taken, and the difference is named.
    let third = try opened { $0.maxEntries = 9 }
    let error = #expect(throws: BPFError.self) { try third.load() }
    #expect(error?.code == .mapMismatch)
    #expect(error?.description.contains("2, not 9") == true)
    try AnyMap.unpin("\(pins.path)/shared/results")
  }

  /// A load that fails takes its pins back.
  @Test func failedLoadLeavesNoPin() throws {
    let pins = try TestBPFFS()
    let collection = try open("verifier_reject", options: pins.options)
    try collection.change(map: "counts") { $0.pinning = .byName }
    try collection.select(programs: ["null_not_checked"])
    #expect(throws: BPFError.self) { try collection.load() }
    #expect(pins.entries.isEmpty)
  }

  @Test func outsideABPFFS() throws {
    let collection = try load("tail_calls")
    let error = #expect(throws: BPFError.self) { try collection.pinAll(in: "/tmp") }
    #expect(error?.detail?.contains("is not in a bpffs") == true)
  }
}
