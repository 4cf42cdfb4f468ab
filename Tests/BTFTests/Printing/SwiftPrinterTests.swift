// SPDX-License-Identifier: Apache-2.0
import BTF
import BTFCoding
import BTFText
import Foundation
import TestSupport
import Testing

/// Swift that lies in memory as BTF says, as swiftc reads it.
@Suite(.enabled(if: !Clang.isMissing, "no clang")) struct SwiftPrinterTests {
  static let swiftc: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    .map { "\($0)/swiftc" }.first { FileManager.default.isExecutableFile(atPath: $0) }

  static let source = """
    typedef unsigned char u8; typedef _Bool bool;
    enum color { RED, GREEN = 5, Type = 7 }; enum sign { MINUS = -1, PLUS };
    typedef struct { int counter; } counter_t;
    struct packed { char a; long b; struct { short x; } c[2]; bool d; } __attribute__((packed));
    struct sample {
      char small; int number; bool flag; unsigned short in, self, init; counter_t count; void *pointer;
      enum color color; enum sign sign; u8 comm[5]; int grid[2][3];
      int a: 3; unsigned b: 7; bool c: 1; enum color d: 4; enum sign e: 2; long f: 40;
      union { unsigned whole; u8 parts[4]; struct { short low, high; }; int low_bits: 5; } view;
      union { int plain; float real; };
      struct { short inside; };
      struct { u8 kind; union { long value; u8 raw[8]; } u; } nested[2];
      struct packed packed; unsigned __int128 wide; double twice;
    } sample;
    struct tail { int n; struct sample *next; short data[]; } tail;
    """

  @Test("What is printed")
  func text() throws {
    let types = try Clang.types(
      of: """
        enum color { RED, GREEN = 5 };
        struct node { struct node *next; enum color color; char name[3]; int a: 3; union { int x; float y; }; } node;
        typedef struct { long v; } box_t; box_t box; struct tail { int n; struct node data[]; } tail;
        """)
    var printer = SwiftPrinter(types)
    printer.style.access = .internal
    let ids = ["node", "box_t", "tail"].flatMap { types.ids(named: $0) }.filter { types.kind($0) != .variable }
    let text = try printer.definitions(of: ids)
    let expected = """
      /// `struct node`, 24 bytes
      struct node: Sendable, BitwiseCopyable {
        /// `struct node *`
        var next: UInt64 = 0
        var color: color = .init(rawValue: 0)
        var name: InlineArray<3, Int8> = .init(repeating: 0)
        private var _bytes15: UInt8 = 0
        private var _bytes16: UInt32 = 0
        private var _padding20: InlineArray<4, UInt8> = .init(repeating: 0)
        init() {}
        /// 3 bits at bit 120
        var a: Int32 {
          get { Int32(truncatingIfNeeded: btfExtended(btfLoadBits(self, 120, 3), 3)) }
          set { btfStoreBits(UInt64(truncatingIfNeeded: newValue), 120, 3, in: &self) }
        }
        var x: Int32 {
          get { btfLoad(self, 16) }
          set { btfStore(newValue, 16, in: &self) }
        }
        var y: Float {
          get { btfLoad(self, 16) }
          set { btfStore(newValue, 16, in: &self) }
        }
      }

      /// `struct {...}`, 8 bytes
      struct box_t: Sendable, BitwiseCopyable {
        var v: Int64 = 0
        init() {}
      }

      /// `struct tail`, 8 bytes
      struct tail: Sendable, BitwiseCopyable {
        var n: Int32 = 0
        private var _padding4: InlineArray<4, UInt8> = .init(repeating: 0)
        init() {}
        /// `struct node` elements that follow a value in memory.
        static func data(after value: UnsafeRawPointer, count: Int) -> UnsafeBufferPointer<node> {
          UnsafeBufferPointer(start: UnsafePointer<node>(OpaquePointer(value + 8)), count: count)
        }
      }

      /// `enum color`
      struct color: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
        var rawValue: UInt32
        init(rawValue: UInt32) { self.rawValue = rawValue }
        static var RED: Self { Self(rawValue: 0) }
        static var GREEN: Self { Self(rawValue: 5) }
      }

      /// Traps where a layout is not the kernel's. Call it once, from a test.
      func checkLayouts() {
        precondition(MemoryLayout<node>.size == 24 && MemoryLayout<node>.stride == 24, "node")
        precondition(MemoryLayout<node>.offset(of: \\.next) == 0, "node.next")
        precondition(MemoryLayout<node>.offset(of: \\.color) == 8, "node.color")
        precondition(MemoryLayout<node>.offset(of: \\.name) == 12, "node.name")
        precondition(MemoryLayout<box_t>.size == 8 && MemoryLayout<box_t>.stride == 8, "box_t")
        precondition(MemoryLayout<box_t>.offset(of: \\.v) == 0, "box_t.v")
        precondition(MemoryLayout<tail>.size == 8 && MemoryLayout<tail>.stride == 8, "tail")
        precondition(MemoryLayout<tail>.offset(of: \\.n) == 0, "tail.n")
      }
      """
    let start = try #require(text.range(of: "/// `struct node`, "))
    #expect(text[start.lowerBound...].split(separator: "\n") == expected.split(separator: "\n"))
  }

  /// Types of the kernel with unions, bit fields, packed parts and deep nesting.
  static let kernelTypes = [
    "task_struct", "sk_buff", "iphdr", "tcphdr", "bpf_attr", "pt_regs", "trace_event_raw_sys_enter", "bpf_map_type",
    "bpf_lpm_trie_key_u8", "desc_struct", "boot_params",
  ]

  /// Members of `struct sample` as Swift names them, with the codec's path.
  static let members: [(swift: String, path: [String])] = [
    ("small", ["small"]), ("number", ["number"]), ("`in`", ["in"]), ("self_", ["self"]), ("init_", ["init"]),
    ("count.counter", ["count", "counter"]), ("pointer", ["pointer"]), ("color.rawValue", ["color"]),
    ("sign.rawValue", ["sign"]), ("a", ["a"]), ("b", ["b"]), ("d.rawValue", ["d"]), ("e.rawValue", ["e"]), ("f", ["f"]),
    ("view.whole", ["view", "whole"]), ("view.low", ["view", "low"]), ("view.high", ["view", "high"]),
    ("view.low_bits", ["view", "low_bits"]), ("plain", ["plain"]), ("inside", ["inside"]),
    ("packed.a", ["packed", "a"]),
    ("packed.b", ["packed", "b"]), ("wide", ["wide"]),
  ]

  @Test(
    "swiftc agrees on each layout, accessors on each value", .enabled(if: swiftc != nil, "no swiftc"))
  func compiled() throws {
    let types = try Clang.types(of: Self.source)
    let id = try #require(types.id(named: "sample", kind: .structure))
    let codec = try BTFCodec(types, id)
    var random = SeededRandom(seed: 11)
    var bytes = (0..<codec.size).map { _ in UInt8.random(in: 0...255, using: &random) }
    bytes[8] = 1  // `flag`
    let value = try codec.decode(bytes, text: .exact)

    var printer = SwiftPrinter(types)
    printer.assertions = "checkSample"
    var files = [
      "sample.swift": try printer.definitions(of: [id, try #require(types.id(named: "tail", kind: .structure))])
    ]
    if let kernel = Input.kernel {
      let ids = Self.kernelTypes.flatMap { kernel.ids(named: $0) }.filter { kernel.kind($0) != .function }
      #expect(ids.count >= 8)
      files["kernel.swift"] = try SwiftPrinter(kernel).definitions(of: ids)
    } else {
      files["kernel.swift"] = "func checkLayouts() {}"
    }
    let copies =
      (Self.members.map(\.swift).filter { !$0.hasPrefix("view.l") && !$0.hasPrefix("view.h") } + [
        "flag", "comm", "grid", "c", "nested", "packed", "twice",
      ]).map { "copy.\($0) = value.\($0)\n" }.joined()
    files["main.swift"] = """
      checkLayouts()
      checkSample()
      let bytes: [UInt8] = \(bytes)
      let value = bytes.withUnsafeBytes { $0.loadUnaligned(as: sample.self) }
      \(Self.members.map { "print(value.\($0.swift))\n" }.joined())
      print(value.flag, value.c, value.comm[4], value.grid[1][2], value.nested[1].u.raw[7], value.packed.c[1].x, value.view.parts[3])
      var copy = sample()
      \(copies)
      print(withUnsafeBytes(of: copy) { Array($0) })
      let room: [UInt16] = [1, 0, 0, 0, 0, 0, 0, 0, 7, 9]
      print(room.withUnsafeBytes { tail.data(after: $0.baseAddress!, count: 2)[1] })
      print(color.GREEN.rawValue, color.Type_.rawValue, sign.MINUS.rawValue)
      """
    let output = try Self.run(files).split(separator: "\n").map(String.init)
    #expect(output.count == Self.members.count + 4)
    for (line, member) in zip(output, Self.members) {
      let expected = member.path.reduce(value as BTFValue?) { $0?[$1] }
      #expect(line == expected?.integer?.description || line == "\(expected?.json ?? "")", "\(member.swift)")
    }
    func raw(_ value: BTFValue?) -> [UInt8] { if case .bytes(let bytes)? = value { bytes } else { [] } }
    let nested = value["nested"]?[1]?["u"]?["raw"]
    #expect(
      output[Self.members.count]
        == "true \(value["c"]!.json) \(raw(value["comm"])[4]) \(value["grid"]![1]![2]!.json) "
        + "\(raw(nested)[7]) \(value["packed"]!["c"]![1]!["x"]!.json) \(raw(value["view"]?["parts"])[3])")
    // All members set: what differs from the bytes read is padding.
    let mask = try codec.encode(try codec.decode(bytes.map { _ in 0xff }, text: .exact))
    let copied = try #require(BTFValue(json: output[Self.members.count + 1]).elements)
    #expect(zip(copied, mask).map { UInt8($0.integer!) & $1 } == zip(bytes, mask).map { $0 & $1 })
    #expect(output[Self.members.count + 2] == "9")
    #expect(output[Self.members.count + 3] == "5 7 -1")
  }

  /// Compiles and runs a program; what it prints.
  static func run(_ files: [String: String]) throws -> String {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("swift-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: directory) }
    for (name, text) in files { try Data(text.utf8).write(to: directory.appendingPathComponent(name)) }
    let program = directory.appendingPathComponent("program").path
    let sources = files.keys.map { directory.appendingPathComponent($0).path }
    let result = try Shell.run(
      [try #require(swiftc), "-warnings-as-errors", "-swift-version", "6", "-o", program] + sources)
    guard result.status == 0 else { throw Clang.Failure(description: String(result.output.prefix(4000))) }
    return String(decoding: try Tool.run(program, []), as: UTF8.self)
  }
}

extension BTFValue {
  fileprivate var elements: [BTFValue]? { if case .array(let elements) = self { elements } else { nil } }
}
