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
    let collection = try loadForThisThread("tracepoint_arguments", only: ["on_raw"])
    let links = LinkSet()
    for _ in 0..<2 { links.keep(try collection.program("on_raw").attach(), as: "raw") }
    #expect(links.names == ["raw"])
    #expect(eventually { (try? rise(collection, "raw")) == 1 })
    // Without a name each has its place's.
    #expect(links.keep(try collection.program("on_raw").attach()) == "raw tracepoint sys_enter")
    #expect(links.keep(try collection.program("on_raw").attach()) == "raw tracepoint sys_enter (2)")
    #expect(eventually { (try? rise(collection, "raw")) == 3 })
    links.removeAll()
    #expect(isSilent(collection, "raw"))
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
