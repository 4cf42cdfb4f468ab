// SPDX-License-Identifier: Apache-2.0
import BTF
import BTFCoding
import Foundation
import TestSupport
import Testing

/// The same bytes as bpftool reads them from a map in the kernel.
@Suite struct BpftoolMapTests {
  static let source = """
    typedef unsigned char u8; typedef unsigned int u32; typedef _Bool bool;
    enum kind { KIND_A, KIND_B = 5 };
    struct inner { short s; long l; };
    struct value {
      u32 pid; char comm[16]; bool flag; enum kind kind, other; struct inner in[2]; void *pointer; u8 mac[6]; int negative;
      unsigned long long large; union { u32 a; u8 b[4]; } u; int x: 3; unsigned y: 5; struct { int unnamed; };
      short grid[2][3];
    };
    struct {
      int (*type)[1]; int (*max_entries)[8]; u32 *key; struct value *value;
    } m __attribute__((section(".maps"), used));
    char _license[] __attribute__((section("license"))) = "GPL";
    __attribute__((section("socket"))) int f(void *c) {
      u32 k = 1; return ((void *(*)(void *, void *))1)(&m, &k) != 0;
    }
    """

  static var isPossible: Bool {
    guard !Clang.isMissing, Tool.bpftool != nil, geteuid() == 0 else { return false }
    let mounts = FileManager.default.contents(atPath: "/proc/mounts").map { String(decoding: $0, as: UTF8.self) } ?? ""
    return mounts.contains(" /sys/fs/bpf bpf ")
  }

  @Test(.enabled(if: isPossible, "root, bpffs, clang and bpftool are needed"))
  func dump() throws {
    let bpftool = try #require(Tool.bpftool)
    let object = try Clang.compile(Self.source, ["-mcpu=v2"])
    let types = try BTFTypes(bytes: try #require(try Input.section(".BTF", of: object)))
    let codec = try BTFCodec(types, try #require(types.id(named: "value", kind: .structure)))
    var random = SeededRandom(seed: 7)
    var bytes = (0..<codec.size).map { _ in UInt8.random(in: 0...255, using: &random) }
    bytes.replaceSubrange(4..<20, with: Array("kworker/0:1".utf8) + [0, 0, 0, 0, 0])
    bytes.replaceSubrange(20..<32, with: [1, 0, 0, 0, 5, 0, 0, 0, 7, 0, 0, 0])

    let pin = "/sys/fs/bpf/btf-test-\(UUID().uuidString.prefix(8))"
    let theirs: Any = try Tool.withFile(object) { path in
      _ = try Tool.run(bpftool, ["prog", "load", path, pin])
      defer { unlink(pin) }
      let program = try JSONSerialization.jsonObject(
        with: Data(try Tool.run(bpftool, ["-j", "prog", "show", "pinned", pin])))
      let map = try #require(((program as? [String: Any])?["map_ids"] as? [Int])?.first)
      let key = ["key", "1", "0", "0", "0", "value"]
      _ = try Tool.run(bpftool, ["map", "update", "id", "\(map)"] + key + bytes.map(String.init))
      let dump = try JSONSerialization.jsonObject(
        with: Data(try Tool.run(bpftool, ["-j", "map", "dump", "id", "\(map)"])))
      let entry = try #require((dump as? [[String: Any]])?.first?["formatted"] as? [String: Any])
      return try #require(entry["value"])
    }
    let ours = try JSONSerialization.jsonObject(with: Data(try codec.decode(bytes).json.utf8))
    #expect(Self.normal(ours) as? NSObject == Self.normal(theirs) as? NSObject)
  }

  /// Without differences of taste: bpftool writes bit fields in hexadecimal, we write pointers so; bpftool shows unnamed
  /// members as objects of their own.
  static func normal(_ value: Any) -> Any {
    switch value {
    case let text as String where text.hasPrefix("0x"):
      return UInt64(text.dropFirst(2), radix: 16).map { NSNumber(value: $0) } ?? text
    case let array as [Any]: return array.map(normal)
    case let object as [String: Any]:
      var result: [String: Any] = [:]
      for (name, member) in object {
        if name.isEmpty, let inner = member as? [String: Any] {
          result.merge(inner) { first, _ in first }
        } else if name == "x", let number = member as? Int {
          result[name] = number & 7  // bpftool does not extend the sign of bit fields.
        } else {
          result[name] = normal(member)
        }
      }
      return result
    default: return value
    }
  }
}
