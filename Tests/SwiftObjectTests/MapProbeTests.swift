// SPDX-License-Identifier: Apache-2.0
import BPF
import SwiftObjects
import TestSupport
import Testing

/// What the methods of maps do, asked of the kernel.
@Suite(.requires(.root)) struct MapProbeTests {
  struct Load: BitwiseCopyable {
    var packets: UInt64
    var bytes: UInt32
    var padding: UInt32 = 0
  }

  /// Two lengths are room for two keys; the third finds the maps full.
  @Test func valuesStartWithTheirDefault() throws {
    let probe = try SwiftCorpus.load("maps", ["counted"])
    let run = { (length: Int) in
      try probe.program("counted").testRun(data: [UInt8](repeating: 0, count: length)).returnValue
    }
    #expect(try run(64) == 2)
    #expect(try run(200) == 2)
    #expect(try run(201) == 1)
    #expect(try run(64) == 2)
    let loads = try Map<UInt32, Load>(probe.map("loads"))
    #expect(try loads.get(64)?.packets == 5)
    #expect(try loads.get(64)?.bytes == 256)
    #expect(try loads.get(200)?.packets == 3)
    #expect(try loads.get(201) == nil)
    let here = try PerCPUMap<UInt32, Load>(probe.map("loadsHere"))
    let sum = try here.get(200)?.reduce(UInt64(0)) { $0 + $1.packets }
    #expect(sum == 3)
  }

  @Test func countersOfArraysKeepToTheirIndices() throws {
    let probe = try SwiftCorpus.load("maps", ["counted"])
    // log2(64) is 6, and 6 & 3 is 2.
    _ = try probe.program("counted").testRun(data: [UInt8](repeating: 0, count: 64))
    let counts = try (0..<4).map { try Map<UInt32, UInt64>(probe.map("histogram")).get(UInt32($0)) }
    #expect(counts == [0, 0, 3, 0])
    let here = try PerCPUMap<UInt32, UInt64>(probe.map("histogramHere"))
    #expect(try here.get(2)?.reduce(0, +) == 3)
  }

  @Test func logarithmIsTheHighestBit() throws {
    let probe = try SwiftCorpus.load("maps", ["logarithm"])
    func log2(_ number: UInt64) throws -> UInt64 {
      let bytes = withUnsafeBytes(of: number.littleEndian) { Array($0) }
      _ = try probe.program("logarithm").testRun(data: bytes + [UInt8](repeating: 0, count: 56))
      return try probe.global("value")
    }
    #expect(try log2(0) == 0)
    for bit in UInt64(0)..<64 {
      #expect(try log2(1 << bit) == bit)
      #expect(try log2(UInt64.max >> (63 - bit)) == bit)
    }
  }
}
