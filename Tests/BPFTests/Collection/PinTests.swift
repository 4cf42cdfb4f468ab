// SPDX-License-Identifier: Apache-2.0

import BPFObject
import Foundation
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

  /// An empty name is not the root directory.
  @Test func anEmptyDirectoryIsNone() throws {
    let error = try #require(throws: BPFError.self) { try load("xdp").pinAll(in: "") }
    #expect(error.code == .invalid && error.description.contains("the path is empty"), "\(error)")
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

  /// One errno stands for many causes: each is found by looking at the path.
  @Test func whyAPathIsRefused() throws {
    let pins = try TestBPFFS()
    let program = try load("xdp", only: ["pass"]).program("pass")
    let root = pins.path
    try program.pin(at: "\(root)/taken")
    try FileManager.default.createDirectory(atPath: "\(root)/folder", withIntermediateDirectories: false)
    func refusal(_ body: () throws(BPFError) -> Void) -> String {
      do throws(BPFError) {
        try body()
        return "done"
      } catch {
        return "\(error)"
      }
    }
    for (path, words) in [
      ("\(root)/a.b", "does not allow a dot in a name, as in 'a.b'"),
      ("\(root)/v1.2/name", "does not allow a dot in a name, as in 'v1.2'"),
      ("\(root)/none/name", "directory \(root)/none does not exist"),
      ("\(root)/taken", "taken exists already and is a pin"),
      ("\(root)/folder", "folder exists already and is a directory"),
      ("\(root)/taken/name", "\(root)/taken is not a directory"),
      ("\(root)/\(String(repeating: "n", count: 300))", "at most 255 bytes"), ("\(root)/name/", "ends in a slash"),
      ("/tmp/merops/none/name", "is not in a bpffs"), ("", "the path is empty"),
    ] {
      let text = refusal { () throws(BPFError) in try program.pin(at: path) }
      // A dot in a directory that is not there yet is met when it is made.
      if path.contains("v1.2") {
        let made = refusal { () throws(BPFError) in _ = try Pinning.makeDirectories("\(root)/v1.2") }
        #expect(made.contains(words), "\(made)")
        continue
      }
      #expect(text.contains(words), "\(path): \(text)")
      #expect(!text.contains("run as root"), "\(text)")
    }
    for (path, words) in [
      (root, "is a directory, not a pin"), ("\(root)/nothing", "nothing is pinned there"),
      ("\(root)/none/nothing", "directory \(root)/none does not exist"),
      ("/etc/passwd", "/etc/passwd is not in a bpffs"),
      ("/sys/fs", "/sys/fs is not in a bpffs"),
    ] {
      let text = refusal { () throws(BPFError) in _ = try AnyMap(pinned: path) }
      #expect(text.contains(words), "\(path): \(text)")
      #expect(!text.contains("run as root"), "\(text)")
    }
    #expect(pins.entries == ["taken", "folder"])
  }

  @Test func outsideABPFFS() throws {
    let collection = try load("tail_calls")
    let error = #expect(throws: BPFError.self) { try collection.pinAll(in: "/tmp") }
    #expect(error?.detail?.contains("is not in a bpffs") == true)
  }
}
