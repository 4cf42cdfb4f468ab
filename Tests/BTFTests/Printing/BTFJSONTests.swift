// SPDX-License-Identifier: Apache-2.0
import BTF
import BTFText
import Testing

/// The same text as bpftool's, byte for byte but for one fault of bpftool's.
@Suite struct BTFJSONTests {
  @Test(.enabled(if: Tool.bpftool != nil, "no bpftool"), .enabled(if: Input.hasKernel, "no kernel BTF"))
  func kernel() throws {
    let theirs = try Tool.run(try #require(Tool.bpftool), ["--json", "btf", "dump", "file", Input.kernelPath])
    let ours = Array(try BTFJSON(try #require(Input.kernel)).text().utf8)
    #expect(ours.count > 1_000_000)
    #expect(Self.difference(ours, theirs.last == UInt8(ascii: "\n") ? theirs.dropLast() : theirs) == nil)
  }

  @Test(.enabled(if: Tool.bpftool != nil, "no bpftool"), arguments: Input.objects.map(\.name))
  func object(_ name: String) throws {
    let btf = try #require(Input.objects.first { $0.name == name }).btf
    let theirs = try Tool.withFile(btf) {
      try Tool.run(try #require(Tool.bpftool), ["--json", "btf", "dump", "file", $0])
    }
    let ours = Array(try BTFJSON(try BTFTypes(bytes: btf)).text().utf8)
    #expect(Self.difference(ours, theirs.last == UInt8(ascii: "\n") ? theirs.dropLast() : theirs) == nil)
  }

  /// Where the texts part. bpftool 7.1 extends the sign of unsigned 32-bit enumerators; that is let pass.
  static func difference(_ ours: [UInt8], _ theirs: some RandomAccessCollection<UInt8>) -> String? {
    let theirs = Array(theirs)
    func number(_ bytes: [UInt8], _ index: inout Int) -> UInt64? {
      let end = bytes[index...].firstIndex { !(48...57).contains($0) } ?? bytes.endIndex
      defer { index = end }
      return UInt64(String(decoding: bytes[index..<end], as: UTF8.self))
    }
    var (a, b) = (0, 0)
    while a < ours.count, b < theirs.count {
      if ours[a] == theirs[b] {
        (a, b) = (a + 1, b + 1)
        continue
      }
      let context = { (bytes: [UInt8], at: Int) in
        String(decoding: bytes[max(0, at - 120)..<min(bytes.count, at + 40)], as: UTF8.self)
      }
      let description = "ours \(context(ours, a)), theirs \(context(theirs, b))"
      while a > 0, (48...57).contains(ours[a - 1]) { (a, b) = (a - 1, b - 1) }
      guard let x = number(ours, &a), let y = number(theirs, &b),
        y == UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: x)))
      else { return description }
    }
    return a == ours.count && b == theirs.count ? nil : "lengths \(ours.count) and \(theirs.count)"
  }
}
