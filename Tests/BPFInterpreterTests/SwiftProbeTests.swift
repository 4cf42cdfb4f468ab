// SPDX-License-Identifier: Apache-2.0

import BPFInterpreter
import BPFObject
import SwiftObjects
import Testing

/// A kernel program written in Swift.
@Suite struct SwiftProbeTests {
  struct Sighting: BitwiseCopyable, Equatable {
    var interface: UInt32
    var count: UInt64
  }

  static func probe() throws -> Interpreter {
    let object = try #require(SwiftObjects.Objects.all.first { $0.name == "interface_limit" })
    return try Interpreter(ObjectSpec(bytes: object.bytes(), name: object.name))
  }

  static let packet = [UInt8](repeating: 0, count: 60)

  @Test func dropsAboveTheLimit() throws {
    let probe = try Self.probe()
    try probe.setGlobal("limit", to: 3 as UInt64)
    let verdicts = try (0..<5).map { _ in try probe.run("limitInterface", .xdp(Self.packet, ingress: 7)).xdpAction }
    #expect(verdicts == [.pass, .pass, .pass, .drop, .drop])
    #expect(try probe.map("sightings", UInt32.self, UInt64.self).get(7) == 5)
    #expect(
      try probe.map("drops").records(as: Sighting.self) == [
        Sighting(interface: 7, count: 4), Sighting(interface: 7, count: 5),
      ])
  }

  @Test func countsWhatItCouldNotSay() throws {
    let probe = try Self.probe()
    for _ in 0..<200 { _ = try probe.run("limitInterface", .xdp(Self.packet, ingress: 7)) }
    // A record takes 16 bytes and 8 of header.
    #expect(try probe.map("drops").records.count == 4096 / 24)
    #expect(try probe.global("lost") == UInt64(198 - 4096 / 24))
  }

  /// The fifth interface finds no room in the map: it is not counted, and passes.
  @Test func aFullMapLetsPass() throws {
    let probe = try Self.probe()
    for interface in UInt32(1)...5 {
      for _ in 0..<3 { _ = try probe.run("limitInterface", .xdp(Self.packet, ingress: interface)) }
    }
    #expect(try probe.run("limitInterface", .xdp(Self.packet, ingress: 5)).xdpAction == .pass)
    #expect(try probe.map("sightings").count == 4)
  }
}
