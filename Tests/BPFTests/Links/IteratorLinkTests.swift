// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestObjects
import TestSupport
import Testing

@testable import BPF

/// Iterators: what their programs write is read through the link.
@Suite(.requires(.root)) struct IteratorLinkTests {
  private func text(_ link: borrowing Link) throws -> [Substring] {
    String(decoding: try link.output(), as: UTF8.self).split(separator: "\n")
  }

  @Test func tasks() throws {
    let collection = try load("iterators", only: ["each_task"])
    let link = try collection.program("each_task").attach()
    let lines = try text(link)
    #expect(lines.first == "pid tgid comm")
    #expect(lines.contains { $0.split(separator: " ").dropFirst().first == "\(getpid())" })
    // Every reading starts anew.
    #expect(try text(link).first == "pid tgid comm")
    try link.detach()
  }

  @Test(.works(from: "6.1")) func tasksOfOneProcess() throws {
    let collection = try load("iterators", only: ["each_task"])
    let link = try collection.program("each_task").attach(to: .iterator(.process(UInt32(getpid()))))
    let lines = try text(link).dropFirst()
    #expect(!lines.isEmpty)
    #expect(lines.allSatisfy { $0.split(separator: " ").dropFirst().first == "\(getpid())" })
    try link.detach()
  }

  @Test func filesOfTasks() throws {
    let collection = try load("iterators", only: ["each_file"])
    let link = try collection.program("each_file").attach()
    let file = Foundation.open("/dev/null", O_RDONLY | O_CLOEXEC)
    defer { close(file) }
    #expect(try text(link).contains("\(getpid()) \(file)"))
    try link.detach()
  }

  @Test func maps() throws {
    let collection = try load("iterators", only: ["each_map"])
    let link = try collection.program("each_map").attach()
    let elements = try AnyMap(creating: MapParameters(.array, keySize: 4, valueSize: 8, maxEntries: 4))
    let output = try link.output()
    let records = stride(from: 0, to: output.count, by: 8).map { offset in
      output.withUnsafeBytes {
        [
          $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self),
          $0.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self),
        ]
      }
    }
    #expect(records.contains([elements.info.id, 4]))
    try link.detach()
  }

  /// Some builds of a kernel let nobody iterate over a map's elements.
  private static let mapElements = Requirement.permission("iter/bpf_map_elem") { Objects.iteratorElements }

  @Test(.requires(mapElements)) func elementsOfAMap() throws {
    let collection = try load("iterator_elements")
    let map = try collection.map("elements")
    let elements = try Map<UInt32, UInt64>(map)
    for key in 0..<4 as Range<UInt32> { try elements.set(UInt64(key) * 100, for: key) }
    let link = try collection.program("each_element").attach(to: .iterator(.map(map)))
    #expect(try text(link) == ["0=0", "1=100", "2=200", "3=300"])
    try elements.set(7, for: 2)
    #expect(try text(link)[2] == "2=7")
    let info = try link.info()
    #expect(info.type == .iterator && info.name == "bpf_map_elem" && info.mapID == map.info.id)
    try link.detach()
  }

  @Test(.works(from: "6.1"), .requires(.cgroup2)) func cgroups() throws {
    let collection = try load("iterator_cgroup")
    let parent = try TestCgroup()
    let child = try parent.child("inner")
    func id(_ cgroup: TestCgroup) -> Substring {
      var status = stat()
      _ = stat(cgroup.path, &status)
      return "\(status.st_ino)"
    }
    for (order, expected) in [
      (Hook.IteratorTarget.CgroupOrder.selfOnly, [id(parent)]), (.descendantsPreOrder, [id(parent), id(child)]),
      (.descendantsPostOrder, [id(child), id(parent)]),
    ] {
      let link = try collection.program("each_cgroup").attach(to: .iterator(.cgroup(path: parent.path, order: order)))
      #expect(try text(link) == expected)
      try link.detach()
    }
    let upwards = try collection.program("each_cgroup").attach(
      to: .iterator(.cgroup(path: child.path, order: .ancestorsUp)))
    #expect(try text(upwards).prefix(2) == [id(child), id(parent)])
    try upwards.detach()
  }

  @Test func whatIsNoIterator() throws {
    let collection = try loadForThisThread("tracepoint_arguments", only: ["on_raw"])
    let link = try collection.program("on_raw").attach()
    #expect(throws: BPFError.self) { _ = try link.output() }
  }

  @Test(.requires(mapElements)) func elementsWithoutAMap() throws {
    let collection = try load("iterator_elements")
    let error = #expect(throws: BPFError.self) { _ = try collection.program("each_element").attach() }
    #expect(error?.errno == .badFileDescriptor && error?.hint?.contains(".iterator(.map") == true, "\(error as Any)")
  }
}
