// SPDX-License-Identifier: Apache-2.0
import BTF
import Testing

/// Every type, member and number as bpftool reads it.
@Suite struct DumpTests {
  private func compare(_ types: BTFTypes, _ path: String, base: String? = nil) throws {
    let bpftool = try #require(Tool.bpftool)
    let arguments = (base.map { ["-B", $0] } ?? []) + ["btf", "dump", "file", path, "format", "raw"]
    let theirs = String(decoding: try Tool.run(bpftool, arguments), as: UTF8.self)
    let ours = try RawText(types: types).all()
    #expect(ours.utf8.count > 100)
    if ours == theirs { return }
    for (a, b) in zip(ours.split(separator: "\n"), theirs.split(separator: "\n")) where a != b {
      Issue.record("here \(a), bpftool \(b)")
      return
    }
    Issue.record("one text is a prefix of the other: \(ours.utf8.count) and \(theirs.utf8.count) bytes")
  }

  @Test(.enabled(if: Tool.bpftool != nil, "no bpftool"), .enabled(if: Input.hasKernel, "no kernel BTF"))
  func kernel() throws {
    try compare(try #require(Input.kernel), Input.kernelPath)
  }

  @Test(.enabled(if: Tool.bpftool != nil, "no bpftool"), arguments: Input.objects.map(\.name))
  func object(_ name: String) throws {
    let object = try #require(Input.objects.first { $0.name == name })
    let types = try BTFTypes(bytes: object.btf)
    try Tool.withFile(object.btf) { try compare(types, $0) }
  }
}
