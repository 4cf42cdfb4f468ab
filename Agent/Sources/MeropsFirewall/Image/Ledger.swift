// SPDX-License-Identifier: Apache-2.0
import MeropsModel

/// The rules themselves, which lie in the image beside what is made of them: whoever finds the image knows what it was made of.
struct Ledger: Hashable {
  var rules: FirewallRules
  /// Slots of the counters, by the rules' numbers.
  var slots: [UInt32: UInt32]

  private static let version: UInt32 = 2
  /// Set in the length of a block whose address has 16 bytes, not 4.
  private static let isLong: UInt8 = 0x80
  /// In the place of 128, which has that bit.
  private static let all: UInt8 = 0x7f

  init(rules: FirewallRules, slots: [UInt32: UInt32]) { (self.rules, self.slots) = (rules, slots) }

  var byteCount: Int {
    var writer = ByteWriter(nil)
    put(&writer)
    return writer.count
  }

  func write(to memory: UnsafeMutableRawPointer) {
    var writer = ByteWriter(memory)
    put(&writer)
  }

  private func put(_ writer: inout ByteWriter) {
    writer.put(Self.version)
    writer.put(rules.defaultAction == .drop)
    writer.put(rules.lastID)
    writer.put(UInt32(rules.interfaces.count))
    for name in rules.interfaces { writer.put(name) }
    writer.put(UInt32(rules.rules.count))
    for rule in rules.rules {
      writer.put(rule.id)
      writer.put(slots[rule.id] ?? 0)
      writer.put(rule.action == .drop)
      writer.put(rule.end)
      writer.put(rule.reason)
      writer.put(rule.list)
      writer.put(rule.policy)
      writer.put(rule.interface)
      writer.put(rule.conditions.transport)
      for ports in [rule.conditions.sourcePorts, rule.conditions.ports] {
        writer.put(ports?.lowerBound)
        writer.put(ports?.upperBound)
      }
      writer.put(rule.conditions.flags?.mask)
      writer.put(rule.conditions.flags?.set)
      writer.put(rule.conditions.icmpType)
      writer.put(rule.conditions.state?.rawValue)
      writer.put(rule.conditions.rate?.packets)
      writer.put(rule.conditions.rate?.burst)
      writer.put(UInt32(rule.sources.count))
      if writer.isCounting {
        for block in rule.sources { writer.count += block.isIPv4 ? 5 : 17 }
        continue
      }
      for block in rule.sources {
        if block.isIPv4 {
          writer.put(UInt8(block.prefix - 96))
          writer.put(UInt32(truncatingIfNeeded: block.base.bits))
        } else {
          writer.put(Self.isLong | (block.prefix == 128 ? Self.all : UInt8(block.prefix)))
          writer.put(UInt64(truncatingIfNeeded: block.base.bits >> 64))
          writer.put(UInt64(truncatingIfNeeded: block.base.bits))
        }
      }
    }
  }

  /// - Returns: nil for bytes of another version, or that are damaged.
  init?(_ bytes: UnsafeRawBufferPointer) {
    var reader = ByteReader(bytes: bytes)
    // The first version has no states and no policies.
    let version = reader.take(UInt32.self)
    guard (1...Self.version).contains(version) else { return nil }
    rules = FirewallRules()
    slots = [:]
    rules.defaultAction = reader.take() ? .drop : .pass
    rules.lastID = reader.take(UInt32.self)
    let interfaceCount = reader.take(UInt32.self)
    for _ in 0..<interfaceCount where reader.isGood { rules.interfaces.append(reader.take()) }
    let ruleCount = reader.take(UInt32.self)
    for _ in 0..<ruleCount where reader.isGood {
      let id = reader.take(UInt32.self)
      slots[id] = reader.take(UInt32.self)
      let action: PacketRule.Action = reader.take() ? .drop : .pass
      let end: UInt64? = reader.take()
      let reason: String = reader.take()
      let list: String? = reader.take()
      let policy: String? = version > 1 ? reader.take() : nil
      let interface: String? = reader.take()
      var conditions = PacketRule.Conditions()
      conditions.transport = reader.take()
      conditions.sourcePorts = Self.range(reader.take(), reader.take())
      conditions.ports = Self.range(reader.take(), reader.take())
      let (mask, set): (UInt8?, UInt8?) = (reader.take(), reader.take())
      if let mask, let set { conditions.flags = (mask, set) }
      conditions.icmpType = reader.take()
      if version > 1, let state: String = reader.take() {
        guard let known = PacketRule.State(rawValue: state) else { return nil }
        conditions.state = known
      }
      let (packets, burst): (UInt32?, UInt32?) = (reader.take(), reader.take())
      if let packets, let burst { conditions.rate = .init(packets: packets, burst: burst) }
      let count = reader.take(UInt32.self)
      var sources: [AddressBlock] = []
      for _ in 0..<count where reader.isGood {
        let length = reader.take(UInt8.self)
        let block: AddressBlock?
        if length & Self.isLong == 0 {
          block = AddressBlock(base: Address(ipv4: reader.take(UInt32.self)), prefix: 96 + Int(length))
        } else {
          let (upper, lower) = (reader.take(UInt64.self), reader.take(UInt64.self))
          let length = length == Self.isLong | Self.all ? 128 : Int(length & ~Self.isLong)
          block = AddressBlock(base: Address(bits: UInt128(upper) << 64 | UInt128(lower)), prefix: length)
        }
        guard let block else { return nil }
        sources.append(block)
      }
      var rule = PacketRule(action, sources, interface: interface, end: end, reason: reason, list: list)
      rule.id = id
      rule.policy = policy
      rule.conditions = conditions
      rules.rules.append(rule)
    }
    if !reader.isGood { return nil }
  }

  private static func range(_ first: UInt16?, _ last: UInt16?) -> ClosedRange<UInt16>? {
    guard let first, let last, first <= last else { return nil }
    return first...last
  }
}

/// Writes values one behind the other, or only counts their bytes.
struct ByteWriter {
  private let memory: UnsafeMutableRawPointer?
  var count = 0

  init(_ memory: UnsafeMutableRawPointer?) { self.memory = memory }

  var isCounting: Bool { memory == nil }

  mutating func put<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number) {
    memory?.storeBytes(of: number, toByteOffset: count, as: Number.self)
    count += MemoryLayout<Number>.size
  }

  mutating func put(_ flag: Bool) { put(UInt8(flag ? 1 : 0)) }

  mutating func put<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number?) {
    put(number != nil)
    put(number ?? 0)
  }

  mutating func put(_ text: String) {
    let bytes = Array(text.utf8)
    put(UInt32(bytes.count))
    if let memory {
      bytes.withUnsafeBytes {
        (memory + count).copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(memory), byteCount: $0.count)
      }
    }
    count += bytes.count
  }

  mutating func put(_ text: String?) {
    put(text != nil)
    put(text ?? "")
  }
}

/// Reads what ``ByteWriter`` wrote. Behind the end there are zeroes, and ``isGood`` is false.
struct ByteReader {
  let bytes: UnsafeRawBufferPointer
  private var offset = 0
  private(set) var isGood = true

  init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  mutating func take<Number: FixedWidthInteger & BitwiseCopyable>(_: Number.Type = Number.self) -> Number {
    let size = MemoryLayout<Number>.size
    guard bytes.count - offset >= size else {
      isGood = false
      return 0
    }
    defer { offset += size }
    return bytes.loadUnaligned(fromByteOffset: offset, as: Number.self)
  }

  mutating func take() -> Bool { take(UInt8.self) != 0 }

  mutating func take<Number: FixedWidthInteger & BitwiseCopyable>() -> Number? {
    let isThere: Bool = take()
    let number = take(Number.self)
    return isThere ? number : nil
  }

  mutating func take() -> String {
    let count = Int(take(UInt32.self))
    guard bytes.count - offset >= count else {
      isGood = false
      return ""
    }
    defer { offset += count }
    return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count]), as: UTF8.self)
  }

  mutating func take() -> String? {
    let isThere: Bool = take()
    let text: String = take()
    return isThere ? text : nil
  }
}
