// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
import BTF
import TestSupport
import Testing

@testable import BPF

@Suite(.requires(.root)) struct ExternsTests {
  @Test(.sameOnEveryKernel) func optionsOfTheKernel() throws {
    let collection = try load("externs_kconfig")
    _ = try collection.run("read_config")
    #expect(try collection.global("version") as UInt64 == UInt64(KernelVersion.current.code))
    #expect(try collection.global("has_bpf") as Bool)
    #expect(try collection.global("jit") as Int32 == 1)
    #expect(try collection.global("absent") as UInt8 == 0)
    let options = try KernelConfig.current
    #expect(try collection.global("hz") as UInt64 == options["CONFIG_HZ"].flatMap { UInt64($0) } ?? 0)
    let compiler = (options["CONFIG_CC_VERSION_TEXT"] ?? "\"\"").dropFirst().dropLast()
    #expect(try collection.globalValue("compiler") == .string(String(compiler.prefix(15))))
  }

  @Test func optionsThatAreGiven() throws {
    var options = LoadOptions()
    options.kernelConfig = "CONFIG_HZ=77\nCONFIG_BPF_JIT=m\nCONFIG_NO_SUCH_NUMBER=0x1f\n"
    let collection = try open("externs_kconfig", options: options)
    try collection.load()
    _ = try collection.run("read_config")
    #expect(try collection.global("hz") as UInt64 == 77)
    #expect(try collection.global("jit") as Int32 == 2)
    #expect(try collection.global("absent") as UInt8 == 0x1f)
  }

  @Test func optionsThatDoNotFit() throws {
    var options = LoadOptions()
    options.kernelConfig = "CONFIG_NO_SUCH_NUMBER=256\n"
    let collection = try open("externs_kconfig", options: options)
    let error = #expect(throws: BPFError.self) { try collection.load() }
    #expect(error?.code == .relocation)
    #expect(error?.description.contains("CONFIG_NO_SUCH_NUMBER") == true)
  }

  /// The addresses of kernel symbols are in the instructions that are handed over.
  @Test(.sameOnEveryKernel) func addressesOfSymbols() throws {
    let program = try #require(try open("externs_ksym").preparedPrograms().first)
    let symbols = try KernelSymbols.find(["bpf_map_put", "__start_BTF"])
    for symbol in symbols.values.flatMap({ $0 }) {
      let low = Int32(truncatingIfNeeded: symbol.address)
      #expect(program.instructions.contains { $0.isWide && $0.immediate == low && $0.source.rawValue == 0 })
    }
    #expect(symbols.count == 2)
  }

  @Test(.works(from: "6.2")) func kernelFunctions() throws {
    let collection = try load("kfuncs")
    let calls = try #require(try open("kfuncs").preparedPrograms().first).instructions.filter(\.isKfuncCall)
    #expect(calls.count == 4)
    #expect(collection.programs.count == 1)
  }

  static let values: [(KernelConfigValue, String, [UInt8]?)] = [
    (.init(format: .bool, size: 1), "y", [1]),
    (.init(format: .bool, size: 1), "n", [0]),
    (.init(format: .bool, size: 1), "m", nil),
    (.init(format: .bool, size: 1), "1", nil),
    (.init(format: .tristate, size: 4), "m", [2, 0, 0, 0]),
    (.init(format: .tristate, size: 4), "y", [1, 0, 0, 0]),
    (.init(format: .tristate, size: 4), "7", nil),
    (.init(format: .character(isSigned: false), size: 1), "m", [0x6d]),
    (.init(format: .character(isSigned: false), size: 1), "255", [255]),
    (.init(format: .character(isSigned: true), size: 1), "255", nil),
    (.init(format: .character(isSigned: true), size: 1), "-1", [255]),
    (.init(format: .integer(isSigned: false), size: 2), "0x1234", [0x34, 0x12]),
    (.init(format: .integer(isSigned: false), size: 2), "65536", nil),
    (.init(format: .integer(isSigned: true), size: 4), "-2", [0xfe, 0xff, 0xff, 0xff]),
    (.init(format: .integer(isSigned: false), size: 8), "18446744073709551615", [UInt8](repeating: 255, count: 8)),
    (.init(format: .integer(isSigned: false), size: 8), "y", nil),
    (.init(format: .integer(isSigned: false), size: 4), "text", nil),
    (.init(format: .characters, size: 4), "\"ab\"", [0x61, 0x62, 0, 0]),
    (.init(format: .characters, size: 4), "\"abcdef\"", [0x61, 0x62, 0x63, 0]),
    (.init(format: .characters, size: 4), "\"", nil),
    (.init(format: .characters, size: 4), "5", nil),
  ]

  @Test(arguments: values) func optionAsValue(value: KernelConfigValue, option: String, bytes: [UInt8]?) {
    #expect(value.encode(option: option) == bytes)
  }
}
