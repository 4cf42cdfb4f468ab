// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BTF
import TestObjects
import Testing

/// What is read from objects of the corpus, compared with their sources.
@Suite struct ObjectContentTests {
  private func open(_ name: String) throws -> ObjectSpec {
    try ObjectSpec(bytes: try #require(Corpus[name]), name: name)
  }

  @Test func licenceAndTypes() throws {
    let object = try open("globals")
    #expect(["GPL", "Dual BSD/GPL"].contains(object.license))
    #expect(object.types != nil)
    #expect(!object.isBigEndian)
    #expect(object.programs.map(\.name) == ["count", "reset"])
    #expect(object[program: "reset"]?.type == .socketFilter)
    #expect(object[program: "nothing"] == nil)
  }

  @Test func mapAttributes() throws {
    let object = try open("map_attributes")
    let types = try #require(object.types)
    let flows = try #require(object[map: "flows"])
    #expect(flows.type == .hash)
    #expect(flows.keySize == 16)
    #expect(flows.maxEntries == 64)
    #expect(flows.flags == [.noPreallocation])
    #expect(types.name(try #require(flows.keyType)) == "flow_key")
    #expect(types.name(try #require(flows.valueType)) == "nested_value")
    #expect(Int(flows.valueSize) == (try types.size(of: try #require(flows.valueType))))
    let untyped = try #require(object[map: "untyped"])
    #expect((untyped.keySize, untyped.valueSize) == (12, 20))
    #expect(untyped.keyType == nil && untyped.valueType == nil)
    #expect(object[map: "merops_corpus_pinned"]?.pinning == .byName)
    #expect(flows.pinning == .none)
    #expect(object[map: "on_node_zero"]?.flags == [.numaNode])
    #expect(object[map: "mapped"]?.flags == [.memoryMappable])
    #expect(object[map: "read_only_for_programs"]?.flags == [.readOnlyForPrograms])
    #expect(object[map: "sized_by_cpus"]?.maxEntries == 0)
    #expect(object.maps.filter { $0.section == .user }.allSatisfy { $0.sectionName == ".maps" })
  }

  @Test func mapsOfMaps() throws {
    let object = try open("map_in_map")
    let outer = try #require(object[map: "outer_array"])
    let one = try #require(object.mapIndex(named: "inner_one"))
    let two = try #require(object.mapIndex(named: "inner_two"))
    #expect(outer.contents == .slots([0: .map(one), 2: .map(two)]))
    #expect(outer.valueSize == 4)
    let inner = try #require(outer.inner)
    #expect(inner.name == "outer_array.inner")
    #expect((inner.type, inner.keySize, inner.valueSize, inner.maxEntries) == (.array, 4, 8, 2))
    let hash = try #require(object[map: "outer_hash"]?.inner)
    #expect((hash.type, hash.keySize, hash.valueSize, hash.maxEntries) == (.hash, 8, 4, 8))
    #expect(object[map: "outer_hash"]?.contents == MapSpec.Contents.none)
    #expect(object[map: "outer_rings"]?.inner?.type == .ringBuffer)
  }

  @Test func programArrays() throws {
    let object = try open("tail_calls")
    #expect(object[map: "steps"]?.contents == .slots([1: .program("step_one"), 3: .program("step_two")]))
  }

  @Test func legacyMaps() throws {
    let object = try open("legacy_maps")
    let hash = try #require(object[map: "legacy_hash"])
    #expect((hash.type, hash.keySize, hash.valueSize, hash.maxEntries) == (.hash, 4, 8, 32))
    #expect(object[map: "legacy_array"]?.flags == [.memoryMappable])
    let linked = try #require(object[program: "touch"]).linked()
    #expect(linked.references.map(\.target) == [.map(0), .map(1)])
  }

  @Test func globalVariables() throws {
    let object = try open("globals")
    let names = object.maps.map(\.name)
    #expect(Set(names) == ["globals.data", "globals.rodata", "globals.bss", ".data.own", ".rodata.own"])
    let data = try #require(object[map: ".data"])
    #expect(data.name == "globals.data")
    #expect((data.type, data.keySize, data.maxEntries, data.section) == (.array, 4, 1, .data))
    #expect(data.flags == [.memoryMappable])
    #expect(try int(data, "total", as: UInt64.self) == 100)
    #expect(try int(data, "small", as: Int8.self) == -3)
    #expect(try int(data, "initialised", as: UInt32.self) == 5)
    #expect(data.variables.first { $0.name == "initialised" }?.isGlobal == false)
    #expect(data.variables.first { $0.name == "table" }?.size == 12)
    let rodata = try #require(object[map: ".rodata"])
    #expect(rodata.flags == [.memoryMappable, .readOnlyForPrograms])
    #expect(rodata.section.isFrozen)
    #expect(try int(rodata, "threshold", as: UInt32.self) == 10)
    #expect(try int(rodata, "settings", as: UInt32.self) == 3)
    #expect(rodata.variables.first { $0.name == "masks" }?.size == 32)
    let bss = try #require(object[map: ".bss"])
    #expect(bss.contents == .none)
    #expect(Set(bss.variables.map(\.name)) == ["seen", "hidden_count", "scratch"])
    #expect(try int(try #require(object[map: ".rodata.own"]), "in_own_rodata", as: UInt32.self) == 55)
  }

  /// The initial value of a variable.
  private func int<T: FixedWidthInteger & BitwiseCopyable>(_ map: MapSpec, _ name: String, as: T.Type) throws -> T {
    let variable = try #require(map.variables.first { $0.name == name })
    guard case .bytes(let bytes) = map.contents else { return 0 }
    return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: variable.offset, as: T.self) }
  }

  @Test(arguments: [
    ("short", ".rodata", "short.rodata"),
    ("a_rather_long_name", ".rodata", "a_rather.rodata"),
    ("a_rather_long_name", ".bss", "a_rather.bss"),
    ("a_rather_long_name", ".kconfig", "a_rathe.kconfig"),
    ("a_rather_long_name", ".data.custom_section", ".data.custom_se"),
    ("odd-näme", ".data", "odd_n__m.data"),
    ("", ".data", ".data"),
  ])
  func dataMapNames(_ object: String, _ section: String, _ expected: String) throws {
    let bytes = try #require(Corpus[section == ".kconfig" ? "externs_kconfig" : "globals"])
    let spec = try ObjectSpec(bytes: bytes, name: object)
    if section.hasPrefix(".data.") {
      #expect(spec.maps.contains { $0.name == ".data.own" })
    } else {
      #expect(spec[map: section]?.name == expected)
    }
  }

  /// Alignment first, then size, then name: `find_kcfg_type` and `cmp_externs` of libbpf.
  @Test func kernelConfiguration() throws {
    let object = try open("externs_kconfig")
    let map = try #require(object[map: ".kconfig"])
    #expect(map.section == .kconfig)
    #expect(map.flags == [.memoryMappable, .readOnlyForPrograms])
    var offsets: [String: Int] = [:]
    var formats: [String: ExternSpec.KconfigFormat] = [:]
    for one in object.externs {
      guard case .kconfig(_, let format, let offset, _) = one.kind else { continue }
      offsets[one.name] = offset
      formats[one.name] = format
    }
    #expect(
      object.externs.map(\.name) == [
        "CONFIG_HZ", "CONFIG_BPF_JIT", "LINUX_KERNEL_VERSION", "CONFIG_BPF_SYSCALL", "CONFIG_NO_SUCH_NUMBER",
        "LINUX_HAS_BPF_COOKIE", "LINUX_HAS_SYSCALL_WRAPPER", "CONFIG_CC_VERSION_TEXT",
      ])
    #expect(offsets["CONFIG_HZ"] == 0)
    #expect(offsets["CONFIG_BPF_JIT"] == 8)
    #expect(offsets["LINUX_KERNEL_VERSION"] == 12)
    #expect(offsets["CONFIG_BPF_SYSCALL"] == 16)
    #expect(offsets["CONFIG_CC_VERSION_TEXT"] == 20)
    #expect(map.valueSize == 36)
    #expect(formats["CONFIG_BPF_JIT"] == .tristate)
    #expect(formats["CONFIG_BPF_SYSCALL"] == .bool)
    #expect(formats["CONFIG_HZ"] == .integer(isSigned: false))
    #expect(formats["LINUX_KERNEL_VERSION"] == .integer(isSigned: true))
    #expect(formats["CONFIG_NO_SUCH_NUMBER"] == .character(isSigned: false))
    #expect(formats["CONFIG_CC_VERSION_TEXT"] == .characters)
    #expect(object.externs.first { $0.name == "CONFIG_HZ" }?.isWeak == true)
    #expect(object.externs.first { $0.name == "CONFIG_BPF_JIT" }?.isWeak == false)
  }

  @Test func kernelSymbols() throws {
    let typeless = try open("externs_ksym")
    #expect(typeless.externs.map(\.name) == ["__start_BTF", "bpf_map_put", "no_such_symbol_at_all"])
    #expect(typeless.externs.allSatisfy { $0.kind == .ksymTypeless })
    #expect(typeless.externs.map(\.isWeak) == [false, false, true])
    let typed = try open("externs_ksym_typed")
    let types = try #require(typed.types)
    for one in typed.externs {
      guard case .ksymTyped(let type) = one.kind else {
        Issue.record("\(one)")
        continue
      }
      #expect(types.kind(type) == (one.name == "runqueues" ? .structure : .int))
    }
    let functions = try open("kfuncs")
    for one in functions.externs {
      guard case .kfunc(let type) = one.kind else {
        Issue.record("\(one)")
        continue
      }
      #expect(functions.types?.kind(type) == .functionPrototype)
    }
    #expect(functions.externs.filter(\.isWeak).map(\.name) == ["bpf_no_such_kfunc"])
  }

  @Test(arguments: [
    ("task_struct", "task_struct"), ("task_struct___old", "task_struct"), ("a___b___c", "a___b"), ("a____b", "a____b"),
    ("___b", "___b"), ("a___", "a___"), ("bpf_x___v2", "bpf_x"), ("", ""),
  ])
  func essentialNames(_ name: String, _ expected: String) {
    #expect(ExternSpec(name: name, kind: .ksymTypeless).essentialName == expected)
  }

  @Test func structOps() throws {
    let object = try open("struct_ops_link")
    let first = try #require(object[map: "merops_first"])
    #expect(first.type == .structOps)
    #expect(first.section == .structOps)
    #expect(first.flags == [.link])
    #expect(first.operations.map(\.member) == ["ssthresh", "cong_avoid", "undo_cwnd"])
    #expect(first.operations.map(\.program) == ["two", "nothing", "undo"])
    #expect(first.operations.map(\.index) == [0, 1, 2])
    #expect(first.operations.map(\.offset) == [0, 8, 16])
    guard case .bytes(let bytes) = first.contents else { throw ObjectError(.notFound, "merops_first", "no contents") }
    #expect(String(decoding: bytes[32...].prefix { $0 != 0 }, as: UTF8.self) == "merops_link")
    #expect(object[map: "merops_second"]?.operations.map(\.program) == ["four", "nothing", "undo"])
  }

  @Test func arena() throws {
    let object = try open("arena")
    let arena = try #require(object[map: "arena"])
    #expect(arena.contents == .bytes(Array(repeating: 0, count: 8)) || arena.contents == .none)
    let linked = try #require(object.programs.first).linked()
    let index = try #require(object.mapIndex(named: "arena"))
    #expect(linked.references.contains { $0.target == .map(index) })
  }

  /// All changes that make BTF fit for the kernel: see `fixTypes`.
  @Test func typesAreFixed() throws {
    let globals = try open("globals")
    let types = try #require(globals.types)
    for map in globals.maps {
      guard case .dataSection(let section) = try types.type(try #require(map.valueType)) else {
        Issue.record("\(map.name)")
        continue
      }
      #expect(section.size == Int(map.valueSize))
      #expect(section.entries.map(\.offset) == map.variables.map(\.offset))
    }
    let functions = try open("kfuncs")
    let functionTypes = try #require(functions.types)
    let ksyms = try #require(functionTypes.id(named: ".ksyms", kind: .dataSection))
    guard case .dataSection(let section) = try functionTypes.type(ksyms) else { return }
    #expect(section.size == 4 * functions.externs.count)
    #expect(section.entries.map(\.offset) == section.entries.indices.map { 4 * $0 })
    for entry in section.entries { #expect(functionTypes.name(entry.type) == "dummy_ksym") }
    let kfunc = try #require(functionTypes.id(named: "bpf_task_from_pid", kind: .function))
    guard case .function(let function) = try functionTypes.type(kfunc) else { return }
    #expect(function.linkage == .global)
    let subprograms = try #require(try open("subprograms").types)
    let hidden = try #require(subprograms.id(named: "hidden_leaf", kind: .function))
    guard case .function(let function) = try subprograms.type(hidden) else { return }
    #expect(function.linkage == .static)
  }
}
