// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import BPF

/// Many links, which cannot be elements of an array or dictionary.
@Suite(.requires(.root)) struct LinkSetTests {
  private func rise(_ collection: BPFCollection, _ counter: String) throws -> UInt64 {
    try collection.rise(of: counter) { _ = getpgid(0) }
  }

  private func isSilent(_ collection: BPFCollection, _ counter: String) -> Bool {
    eventually { (try? rise(collection, counter)) == 0 }
  }

  @Test func keepsGivesAndDetaches() throws {
    let collection = try loadForThisThread("tracepoint_arguments", only: ["on_classic", "on_raw", "on_typed"])
    let links = LinkSet()
    #expect(links.isEmpty)
    for name in ["on_classic", "on_raw", "on_typed"] { links.keep(try collection.program(name).attach(), as: name) }
    #expect(links.names == ["on_classic", "on_raw", "on_typed"])
    for counter in ["classic", "raw", "typed"] { #expect(try collection.rises(counter, by: 1) { _ = getpgid(0) }) }
    #expect(links.withLink("on_raw") { link in link.place } == "raw tracepoint sys_enter")
    #expect(links.withLink("nothing") { _ in 1 } == nil)

    do {
      let taken = links.take("on_raw")
      #expect(links.count == 2)
      #expect(try collection.rises("raw", by: 1) { _ = getpgid(0) })
      let isTaken = taken != nil
      #expect(isTaken)
    }
    #expect(isSilent(collection, "raw"))
    var seen: [String] = []
    links.forEach { name, _ in seen.append(name) }
    #expect(seen == ["on_classic", "on_typed"])
    try links.detachAll()
    #expect(links.isEmpty)
    #expect(isSilent(collection, "classic") && isSilent(collection, "typed"))
  }

  @Test func oneNameHasOneLink() throws {
    // Older kernels attach a program to a tracepoint once.
    let collections = try (0..<4).map { _ in try loadForThisThread("tracepoint_arguments", only: ["on_raw"]) }
    func link(_ index: Int) throws -> Link { try collections[index].program("on_raw").attach() }
    let links = LinkSet()
    links.keep(try link(0), as: "raw")
    links.keep(try link(1), as: "raw")
    #expect(links.names == ["raw"])
    #expect(isSilent(collections[0], "raw"))
    #expect(try collections[1].rises("raw", by: 1) { _ = getpgid(0) })
    // Without a name each has its place's.
    #expect(links.keep(try link(2)) == "raw tracepoint sys_enter")
    #expect(links.keep(try link(3)) == "raw tracepoint sys_enter (2)")
    #expect(try collections[3].rises("raw", by: 1) { _ = getpgid(0) })
    links.removeAll()
    for collection in collections { #expect(isSilent(collection, "raw")) }
  }

  /// A set that goes away detaches, and a dictionary can hold sets.
  @Test func goesAway() throws {
    let collection = try loadForThisThread("tracepoint_arguments", only: ["on_raw"])
    do {
      let tenants = ["blue": LinkSet(), "green": LinkSet()]
      tenants["blue"]?.keep(try collection.program("on_raw").attach())
      #expect(try collection.rises("raw", by: 1) { _ = getpgid(0) })
      withExtendedLifetime(tenants) {}
    }
    #expect(isSilent(collection, "raw"))
  }

  /// The body's own error comes out.
  @Test func errorsOfTheBody() throws {
    struct Mine: Error {}
    let collection = try loadForThisThread("tracepoint_arguments", only: ["on_raw"])
    let links = LinkSet()
    links.keep(try collection.program("on_raw").attach(), as: "raw")
    #expect(throws: Mine.self) {
      try links.withLink("raw") { (_) throws(Mine) in throw Mine() }
    }
    #expect(throws: Mine.self) { try links.forEach { (_, _) throws(Mine) in throw Mine() } }
    #expect(links.names == ["raw"])
  }
}
