// SPDX-License-Identifier: Apache-2.0
import BTF
import Testing

/// BTF that continues another, as a kernel module's does.
@Suite struct SplitTests {
  private func split(_ base: BTFTypes) throws -> BTFBuilder {
    var module = BTFBuilder(base: base)
    let state = try module.add(
      .structure(BTFComposite(name: "module_state", size: 8, members: [.init(name: "root", type: 3, bitOffset: 0)])))
    _ = try module.add(.pointer(state))
    // A name that the base has: its string is shared, and the type is a second one of the name.
    _ = try module.add(.typedef(name: "node", type: state))
    return module
  }

  @Test func idsAndStringsContinue() throws {
    let base = try BTFTypes(bytes: Sample.bytes())
    let builder = try split(base)
    let bytes = builder.encode()
    let types = try BTFTypes(bytes: bytes, base: base)
    #expect(types.firstID == base.endID)
    #expect(types.ids.count == 3)
    #expect(types.name(types.firstID) == "module_state")
    #expect(try types.type(6) == Sample.types[5])
    #expect(try types.size(of: types.firstID) == 8)
    #expect(types.ids(named: "node") == [6, types.firstID.advanced(by: 2)])
    #expect(types.id(named: "node", kind: .typedef) == types.firstID.advanced(by: 2))
    #expect(types.id(named: "module_state", kind: .structure) == types.firstID)
    #expect(types.ids(named: "node", includingBase: false) == [types.firstID.advanced(by: 2)])
    #expect(types.id(named: "node", kind: .structure, includingBase: false) == nil)
    #expect(types.ids(essentialName: "node", includingBase: false) == [types.firstID.advanced(by: 2)])
    #expect(base.id(named: "module_state", kind: .structure) == nil)
    // "root" and "node" are the base's strings, so only one string is new.
    #expect(bytes[word: 20] == UInt32("module_state".utf8.count + 1))
    #expect(BTFBuilder(copying: types).encode() == bytes)
  }

  @Test func needsItsBase() throws {
    let base = try BTFTypes(bytes: Sample.bytes())
    let bytes = try split(base).encode()
    let error = try #require(throws: BTFError.self) { try BTFTypes(bytes: bytes) }
    #expect(error.code == .needsBase)
    #expect(error.description.contains("split BTF"))
  }

  @Test func splitOfSplit() throws {
    let base = try BTFTypes(bytes: Sample.bytes())
    let middle = try BTFTypes(bytes: split(base).encode(), base: base)
    var builder = BTFBuilder(base: middle)
    let id = try builder.add(.typedef(name: "top", type: middle.firstID))
    let top = try BTFTypes(bytes: builder.encode(), base: middle)
    #expect(id == middle.endID)
    #expect(try top.type(id) == .typedef(name: "top", type: middle.firstID))
    #expect(top.name(middle.firstID) == "module_state")
    #expect(top.name(1) == "int")
    #expect(top.id(named: "node", kind: .structure) == 6)
  }

  @Test(.enabled(if: Tool.bpftool != nil, "no bpftool"), .enabled(if: Input.hasKernel, "no kernel BTF"))
  func moduleOfThisKernel() throws {
    let kernel = try #require(Input.kernel)
    var module = BTFBuilder(base: kernel)
    let task = try #require(kernel.id(named: "task_struct", kind: .structure))
    let pointer = try module.add(.pointer(task))
    _ = try module.add(
      .structure(
        BTFComposite(
          name: "merops_module", size: 16,
          members: [
            .init(name: "task", type: pointer, bitOffset: 0), .init(name: "merops_next", type: pointer, bitOffset: 64),
          ])))
    let bytes = module.encode()
    let types = try BTFTypes(bytes: bytes, base: kernel)
    let bpftool = try #require(Tool.bpftool)
    let text = try Tool.withFile(bytes) {
      try Tool.run(bpftool, ["-B", Input.kernelPath, "btf", "dump", "file", $0, "format", "raw"])
    }
    #expect(String(decoding: text, as: UTF8.self) == (try RawText(types: types).all()))
  }
}
