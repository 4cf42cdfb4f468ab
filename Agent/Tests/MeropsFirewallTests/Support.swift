// SPDX-License-Identifier: Apache-2.0
import BPF
import Foundation
import MeropsModel
import Synchronization
import Testing

@testable import MeropsFirewall

let isRoot = getuid() == 0
let needsRoot: Comment = "loading programs into the kernel needs root"

/// A folder of pins that goes with the test, and everything in it.
final class Pins: Sendable {
  let folder: String
  private static let number = Atomic<Int>(0)

  init() { folder = "/sys/fs/bpf/merops-test-\(getpid())-\(Self.number.add(1, ordering: .relaxed).newValue)" }

  deinit {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder + "/links")) ?? [] {
      try? Link.open(pinned: "\(folder)/links/\(name)").detach()
    }
    try? FileManager.default.removeItem(atPath: folder)
  }
}

/// A firewall of its own, with no interface.
func firewall(_ pins: Pins = Pins(), direct: Bool? = nil) throws -> (Firewall, Pins) {
  (try Firewall(folder: pins.folder, direct: direct), pins)
}

func block(_ text: String) -> AddressBlock {
  guard let block = AddressBlock(text) else { fatalError("\(text) is no block of addresses") }
  return block
}

extension PacketRule {
  static func drop(_ sources: String...) -> PacketRule { PacketRule(.drop, sources.map(block)) }
  static func pass(_ sources: String...) -> PacketRule { PacketRule(.pass, sources.map(block)) }
}

extension Firewall {
  /// What becomes of a packet.
  func judge(_ packet: [UInt8]) throws -> PacketRule.Action {
    let verdict = try program.testRun(TestRun(data: packet)).returnValue
    return try #require([1: .drop, 2: .pass][verdict], "the program answers \(verdict)")
  }

  /// Lets a packet leave that this machine sends.
  func send(_ packet: [UInt8]) throws {
    // TC_ACT_UNSPEC: the program stops nothing.
    let verdict = try learner.testRun(TestRun(data: packet)).returnValue
    try #require(verdict == .max, "the program answers \(verdict)")
  }

  func set(_ rules: [PacketRule], default action: PacketRule.Action = .pass) throws {
    try change {
      $0.rules = []
      $0.defaultAction = action
      for rule in rules { $0.add(rule) }
    }
  }
}

/// Frames, byte by byte.
enum Frame {
  static func ethernet(_ type: UInt16, tags: [(type: UInt16, id: UInt16)] = [], _ payload: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1]
    for tag in tags { bytes += big(tag.type) + big(tag.id) }
    return bytes + big(type) + payload
  }

  static func big(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xff)] }

  /// - Parameter fragment: the offset in units of 8 bytes, with the bit for more.
  static func ipv4(
    _ source: String, to destination: String = "198.51.100.1", transport: UInt8 = 17, options: Int = 0,
    fragment: UInt16 = 0, _ payload: [UInt8] = udp()
  ) -> [UInt8] {
    let length = UInt8(5 + options)
    func bytes(_ address: String) -> [UInt8] {
      let bits = Address(address)?.bits ?? 0
      return (0..<4).map { UInt8(truncatingIfNeeded: bits >> UInt128(24 - 8 * $0)) }
    }
    return [0x40 | length, 0] + big(UInt16(Int(length) * 4 + payload.count)) + [0, 1] + big(fragment)
      + [64, transport, 0, 0] + bytes(source) + bytes(destination) + Array(repeating: 1, count: options * 4) + payload
  }

  static func ipv6(
    _ source: String, to destination: String = "2001:db8::1", next: UInt8 = 17, _ payload: [UInt8] = udp()
  ) -> [UInt8] {
    func bytes(_ address: String) -> [UInt8] {
      let bits = Address(address)?.bits ?? 0
      return (0..<16).map { UInt8(truncatingIfNeeded: bits >> UInt128(120 - 8 * $0)) }
    }
    return [0x60, 0, 0, 0] + big(UInt16(payload.count)) + [next, 64] + bytes(source) + bytes(destination) + payload
  }

  static func udp(_ source: UInt16 = 40_000, _ port: UInt16 = 53) -> [UInt8] {
    big(source) + big(port) + big(16) + [0, 0] + Array(repeating: 0, count: 8)
  }

  static func tcp(
    _ source: UInt16 = 40_000, _ port: UInt16 = 443, flags: UInt8 = 2, sequence: UInt16 = 1, acknowledgement: UInt16 = 0
  ) -> [UInt8] {
    big(source) + big(port) + [0, 0] + big(sequence) + [0, 0] + big(acknowledgement) + [0x50, flags] + big(1000)
      + [0, 0, 0, 0]
  }

  /// - Parameter packet: what an error is about.
  static func icmp(_ type: UInt8, identifier: UInt16 = 1, about packet: [UInt8] = []) -> [UInt8] {
    [type, 0, 0, 0] + big(identifier) + [0, 1] + packet
  }
}
