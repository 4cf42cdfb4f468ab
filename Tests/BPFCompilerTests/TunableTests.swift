// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFCompiler
import BPFObject
import BTF
import BTFText
import TestSupport
import Testing

/// `Tunable` and other variables whose initial value Swift does not compute: what the object has is what Swift makes of the
/// same words at run time.
@Suite struct TunableTests {
  enum Mode: UInt8 { case off, on, both }
  enum Side: UInt8 { case left, right }
  struct Service {
    var address: IPv4Address
    var port: BigEndian<UInt16>
    var mode: Mode
    var limit: UInt64
    var peers: InlineArray<2, UInt32>
    var isOpen: Bool
    var side: Side
  }

  static let source = probe(
    """
    enum Mode: UInt8 { case off, on, both }
    enum Side: UInt8 { case left, right }
    struct Service: BitwiseCopyable {
      var address: IPv4Address
      var port: BigEndian<UInt16>
      var mode: Mode
      var limit: UInt64
      var peers: InlineArray<2, UInt32>
      var isOpen: Bool
      var side: Side
    }
    let base = IPv4Address(10, 0, 0, 0)
    var v4 = Tunable(IPv4Address(192, 0, 2, 7))
    var v6 = Tunable(IPv6Address(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))
    var mac = Tunable(MACAddress(2, 0, 0, 0xe9, 0xff, 1))
    var port = Tunable<BigEndian<UInt16>>(443)
    var wide = Tunable(BigEndian<UInt64>(0x0102_0304_0506_0708))
    var key = Tunable(LPMKey(base, prefixLength: 8))
    var number = Tunable(UInt128(1) << 100 | 5)
    var table = Tunable(InlineArray<20, UInt32> { UInt32($0) &* 3 })
    var early = Tunable(later.networkOrder &+ 1)
    let later = IPv4Address(0, 0, 0, 1)
    var service = Tunable(
      Service(address: IPv4Address(10, 0, 0, 1), port: 53, mode: .both, limit: 1 << 40, peers: [7, 8], isOpen: true, side: .right))
    var isOn = true
    struct Padded: BitwiseCopyable { var a: UInt32; var b: UInt8 }
    var padded = Padded(a: 1, b: 2)
    var counted = IPv4Address(127, 0, 0, 1)
    """,
    body: """
      if context.length == v4.value.networkOrder &+ early.value { return .drop }
      if context.length == base.networkOrder { return .aborted }
      """)

  static func bytes<T>(_ value: T) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }

  static var all: [(name: String, bytes: [UInt8], type: String)] {
    var service = bytes(
      Service(
        address: IPv4Address(10, 0, 0, 1), port: 53, mode: .both, limit: 1 << 40, peers: [7, 8], isOpen: true,
        side: .right))
    service[7] = 0  // padding
    return [
      ("v4", bytes(IPv4Address(192, 0, 2, 7)), "struct IPv4Address v4"),
      ("v6", bytes(IPv6Address(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)), "struct IPv6Address v6"),
      ("mac", bytes(MACAddress(2, 0, 0, 0xe9, 0xff, 1)), "struct MACAddress mac"),
      ("port", [1, 187], "__be16 port"), ("wide", [1, 2, 3, 4, 5, 6, 7, 8], "__be64 wide"),
      ("key", bytes(LPMKey(IPv4Address(10, 0, 0, 0), prefixLength: 8)), "struct LPMKey key"),
      ("number", bytes(UInt128(1) << 100 | 5), "unsigned __int128 number"),
      ("table", bytes(InlineArray<20, UInt32> { UInt32($0) &* 3 }), "unsigned int table[20]"),
      ("early", bytes(IPv4Address(0, 0, 0, 1).networkOrder &+ 1), "unsigned int early"),
      ("service", service, "struct Service service"),
    ]
  }

  @Test func valuesAreWhatSwiftMakesOfThem() throws {
    let spec = try ObjectSpec(bytes: try Built.object(Self.source), name: "probe")
    let types = try #require(spec.types)
    let section = try #require(spec.maps.first { $0.sectionName == ".rodata" })
    guard case .bytes(let contents) = section.contents else {
      Issue.record("no contents")
      return
    }
    for (name, bytes, type) in Self.all {
      let variable = try #require(section.variables.first { $0.name == name }, "\(name)")
      #expect(Array(contents[Int(variable.offset)...].prefix(bytes.count)) == bytes, "\(name)")
      #expect(types.declaration(of: try #require(variable.type), named: name) == type)
    }
    let data = try #require(spec.maps.first { $0.sectionName == ".data" })
    #expect(data.variables.map(\.name).sorted() == ["counted", "isOn", "padded"])
    guard case .bytes(let bytes) = data.contents else {
      Issue.record("no contents")
      return
    }
    #expect(bytes.contains([127, 0, 0, 1]) && bytes.contains([1, 0, 0, 0, 2, 0, 0, 0]))
  }

  /// Also of a tunable whose initial value is zero everywhere, of which LLVM knows each element.
  @Test func tunablesAreRead() throws {
    let text = try Built.text(
      probe(
        "var table = Tunable(InlineArray<16, UInt32>(repeating: 0))",
        body: "if table.value[Int(context.length & 15)] == 3 { return .drop }"), stage: .assembly)
    #expect(text.contains("table.tunable ll"))
  }

  @Test(arguments: [
    ("let fixed = Tunable(IPv4Address(10, 0, 0, 1))", "fixed.value.networkOrder", "declare a tunable with `var`"),
    ("let fixed = Tunable(UInt32(3))", "fixed.value", "declare a tunable with `var`"),
    ("var random = Tunable(bpf_get_prandom_u32())", "random.value", "that the compiler cannot compute"),
    ("var size: UInt32 = 8\nvar half = Tunable(size / 2 + 1)", "half.value", "that the compiler cannot compute"),
  ])
  func mistakes(_ declaration: String, _ use: String, _ message: String) throws {
    let error = #expect(throws: CompileError.self) {
      _ = try Built.object(probe(declaration, body: "if context.length == \(use) { return .drop }"))
    }
    #expect("\(try #require(error))".contains(message), "\(declaration)")
  }
}
