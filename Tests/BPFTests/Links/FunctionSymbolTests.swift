// SPDX-License-Identifier: Apache-2.0

import BPFELF
import Foundation
import TestSupport
import Testing

@testable import BPF

/// A function's name is resolved to the right place, or refused: never to another one, never to one that is not called.
@Suite(.requires(.command("clang"))) struct FunctionSymbolTests {
  private static func failure(_ body: () throws -> Void) -> BPFError? {
    do {
      try body()
      return nil
    } catch {
      return error as? BPFError
    }
  }

  /// A library with an old and a new version of one function, as glibc has of `memcpy`.
  private static func versioned(stripped: Bool) throws -> CompiledFile {
    try CompiledFile(
      [
        "versions.c": """
        __asm__(".symver old_function,versioned@V1"); __asm__(".symver new_function,versioned@@V2");
        int old_function(int x) { __asm__ volatile(""); return x + 1; }
        int new_function(int x) { __asm__ volatile(""); return x + 2; }
        """,
        "versions.map": "V1 { versioned; };\nV2 { versioned; } V1;\n",
      ],
      ["-shared", "-fPIC", "-Wl,--version-script=FOLDER/versions.map"] + (stripped ? ["-s"] : []))
  }

  @Test(arguments: [false, true]) func theDefaultVersionIsMeant(stripped: Bool) throws {
    let library = try Self.versioned(stripped: stripped)
    let file = try ExecutableFile(library.path)
    let (old, new) = (try file.offset(of: "old_function"), try file.offset(of: "new_function"))
    #expect(old != new)
    #expect(try file.offset(of: "versioned") == new)
    #expect(try file.offset(of: "versioned@V2") == new)
    #expect(try file.offset(of: "versioned@@V2") == new)
    #expect(try file.offset(of: "versioned@V1") == old)
    let error = Self.failure { _ = try file.offset(of: "versioned@V3") }
    #expect(error?.code == .notFound)
    #expect(error?.hint?.contains("versioned@V1, versioned@V2") == true, "\(error as Any)")
    #expect(try Set(file.offsets(matching: "versioned")) == [old, new])
  }

  /// Programs that call the function today run the probe; those that were linked against the old one do not.
  @Test(.requires(.root)) func theDefaultVersionFires() throws {
    let library = try Self.versioned(stripped: false)
    let handle = try #require(dlopen(library.path, RTLD_NOW))
    defer { dlclose(handle) }
    typealias Function = @convention(c) (CInt) -> CInt
    // dlvsym(3), which is GNU's.
    typealias Lookup =
      @convention(c) (UnsafeMutableRawPointer, UnsafePointer<CChar>, UnsafePointer<CChar>) ->
      UnsafeMutableRawPointer?
    let lookUp = unsafeBitCast(try #require(dlsym(nil, "dlvsym")), to: Lookup.self)
    let new = unsafeBitCast(try #require(lookUp(handle, "versioned", "V2")), to: Function.self)
    let old = unsafeBitCast(try #require(lookUp(handle, "versioned", "V1")), to: Function.self)
    #expect(new(1) == 3 && old(1) == 2)
    let collection = try loadForThisThread("uprobe", only: ["on_entry"])
    let link = try collection.program("on_entry").attach(
      to: .uprobe(.init(path: library.path, symbol: "versioned", processID: getpid())))
    #expect(try collection.rises("entries", by: 1) { _ = new(1) })
    #expect(try collection.rise(of: "entries") { _ = old(1) } == 0)
    try link.detach()
  }

  @Test func staticFunctionsOfOneNameAreAmbiguous() throws {
    let program = try CompiledFile(
      [
        "one.c": """
        static __attribute__((noinline)) int twin(int x) { __asm__ volatile(""); return x + 1; }
        int one(int x) { return twin(x) * 3; }
        """,
        "two.c": """
        static __attribute__((noinline)) int twin(int x) { __asm__ volatile(""); return x + 2; }
        int one(int x); int main(void) { return twin(1) + one(2); }
        """,
      ], [])
    let file = try ExecutableFile(program.path)
    let error = Self.failure { _ = try file.offset(of: "twin") }
    #expect(error?.code == .invalid)
    #expect(error?.detail?.contains("2 functions of this name") == true, "\(error as Any)")
    #expect(error?.detail?.contains("static") == true)
    // A pattern means all of them.
    let places = try file.offsets(matching: "twin")
    #expect(places.count == 2)
    for place in places {
      #expect(error?.detail?.contains("0x\(String(place, radix: 16))") == true)
      try file.check(codeOffset: place)
    }
  }

  @Test func aGlobalAndAStaticOneAreAmbiguous() throws {
    let program = try CompiledFile(
      [
        "one.c": """
        static __attribute__((noinline)) int twin(int x) { __asm__ volatile(""); return x + 1; }
        int one(int x) { return twin(x) * 3; }
        """,
        "two.c": """
        int one(int x);
        __attribute__((noinline)) int twin(int x) { __asm__ volatile(""); return x + 2; }
        int main(void) { return twin(1) + one(2); }
        """,
      ], [])
    let error = Self.failure { _ = try ExecutableFile(program.path).offset(of: "twin") }
    #expect(
      error?.detail?.contains("(global)") == true && error?.detail?.contains("(static)") == true, "\(error as Any)")
  }

  /// Another name, weak or not, of one function is no other place.
  @Test func aliasesAreOnePlace() throws {
    let library = try CompiledFile(
      [
        "alias.c": """
        int real(int x) { __asm__ volatile(""); return x + 1; }
        int other(int x) __attribute__((alias("real")));
        int soft(int x) __attribute__((weak, alias("real")));
        """
      ], ["-shared", "-fPIC"])
    let file = try ExecutableFile(library.path)
    let real = try file.offset(of: "real")
    #expect(try file.offset(of: "other") == real)
    #expect(try file.offset(of: "soft") == real)
    #expect(try file.offsets(matching: "*").filter { $0 == real } == [real])
  }

  /// A resolver runs once, when a program starts: a probe on it would see nothing.
  @Test func indirectFunctionsAreRefused() throws {
    let library = try CompiledFile(
      [
        "indirect.c": """
        static int fast(int x) { return x + 1; }
        static int (*choose(void))(int) { return fast; }
        int chosen(int) __attribute__((ifunc("choose")));
        int plain(int x) { return x; }
        """
      ], ["-shared", "-fPIC"])
    let file = try ExecutableFile(library.path)
    let error = Self.failure { _ = try file.offset(of: "chosen") }
    #expect(error?.code == .unsupported)
    #expect(error?.detail?.contains("IFUNC") == true, "\(error as Any)")
    let pattern = Self.failure { _ = try file.offsets(matching: "chose?") }
    #expect(pattern?.detail?.contains("IFUNC") == true, "\(pattern as Any)")
    #expect(try file.offsets(matching: "plai*") == [file.offset(of: "plain")])
  }

  @Test func beyondTheFunctionIsRefused() throws {
    let program = try ProbedProgram()
    let file = try ExecutableFile(program.path)
    let start = try file.offset(of: "probe")
    #expect(try file.offset(of: "probe", plus: 1) == start + 1)
    let error = Self.failure { _ = try file.offset(of: "probe", plus: 1 << 20) }
    #expect(error?.code == .invalid)
    #expect(error?.detail?.contains("beyond the function's end") == true, "\(error as Any)")
  }

  /// An address of the loaded image is no offset in the file: which one it has is said.
  @Test(.requires(.root)) func anAddressIsNoOffset() throws {
    let program = try ProbedProgram()
    let file = try ExecutableFile(program.path)
    let symbol = try #require(file.elf.symbols.first { $0.name == "probe" })
    let offset = try file.offset(of: "probe")
    #expect(symbol.value != offset)
    let collection = try load("uprobe", only: ["on_entry"])
    let hex = "0x\(String(offset, radix: 16))"
    let error = Self.failure {
      _ = try collection.program("on_entry").attach(to: .uprobe(.init(path: program.path, offset: symbol.value)))
    }
    #expect(error?.code == .invalid)
    #expect(error?.detail?.hasSuffix("its offset in the file is \(hex)") == true, "\(error as Any)")
    #expect(error?.hint?.hasSuffix("\(program.path):\(hex)") == true)
    let link = try collection.program("on_entry").attach(to: .uprobe(.init(path: program.path, offset: offset)))
    #expect(try collection.rises("entries", by: 2) { try program.run() })
    try link.detach()
    for (place, text) in [(0 as UInt64, "no code"), (UInt64(1) << 50, "the file ends at")] {
      let error = Self.failure {
        _ = try collection.program("on_entry").attach(to: .uprobe(.init(path: program.path, offset: place)))
      }
      #expect(error?.detail?.contains(text) == true, "\(error as Any)")
    }
  }

  @Test func whatIsImportedIsElsewhere() throws {
    let program = try ProbedProgram()
    let error = Self.failure { _ = try ExecutableFile(program.path).offset(of: "usleep") }
    #expect(error?.code == .notFound)
    let isOld = error?.detail?.contains("such function symbol") == true
    #expect(isOld || error?.detail?.contains("not defined in this file") == true, "\(error as Any)")
  }
}
