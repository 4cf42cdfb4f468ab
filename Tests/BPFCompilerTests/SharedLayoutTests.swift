// SPDX-License-Identifier: Apache-2.0

import BPFCompiler
import Foundation
import TestSupport
import Testing

/// Files that a probe and user space both compile.
@Suite struct SharedLayoutTests {
  /// What is said of a probe that sends the `Event` of a shared file; nil if it compiles.
  private func refusal(_ shared: String) throws -> String? {
    try withTemporaryFolder { folder in
      let text = """
        import BPFKernel

        let license = License.gpl
        var events = RingBuffer<Event>(bytes: 4096)

        @section("xdp")
        func filter(_ context: XDPContext) -> XDPAction {
          events.send { $0.pid = 1 }
          return .pass
        }
        """
      try text.write(toFile: "\(folder)/probe.bpf.swift", atomically: true, encoding: .utf8)
      try shared.write(toFile: "\(folder)/Event.shared.swift", atomically: true, encoding: .utf8)
      do {
        _ = try Checkout.compiler().compile(
          "\(folder)/probe.bpf.swift", shared: ["\(folder)/Event.shared.swift"], root: folder)
        return nil
      } catch let error as CompileError {
        return "\(error)".replacing(Files.resolved(folder) + "/", with: "")
      }
    }
  }

  /// `realpath`, since the compiler names files without links.
  private enum Files {
    static func resolved(_ path: String) -> String { URL(filePath: path).resolvingSymlinksInPath().path }
  }

  @Test func theSameLayoutPasses() throws {
    let shared = """
      import BPFKernel

      enum Kind: UInt8 { case open, close }
      struct Empty {}
      struct Place { var device: UInt8; var inode: UInt64 }
      struct Event {
        var pid: UInt32
        var kind: Kind
        var nothing: Empty
        var parent: UInt32?
        var pair: (UInt8, UInt32)
        var place: Place
        var flag: Bool
        var bytes: InlineArray<5, UInt8>
        var command: FixedString<16>
        var last: UInt64
      }
      #if !hasFeature(Embedded)
        struct OnlyHere { var text: String }
        extension Event { var text: String { "\\(pid)" } }
      #endif
      """
    #expect(try refusal(shared) == nil)
  }

  /// What only probes see may use the kernel's types.
  @Test func functionsOfProbesHaveTheKernelsTypes() throws {
    let shared = """
      import BPFKernel

      struct Event { var pid: UInt32 }
      #if hasFeature(Embedded)
        extension Event {
          @inline(__always) mutating func fill() {
            pid = UInt32(truncatingIfNeeded: task_struct.Probed.current.tgid)
          }
        }
      #endif
      """
    #expect(try refusal(shared) == nil)
  }

  @Test(arguments: ["hasFeature(Embedded)", "!os(Linux)"]) func aFieldOfAnotherSizeIsNamed(_ condition: String) throws {
    let shared = """
      struct Event {
        var pid: UInt32
        var port: UInt16
        #if \(condition)
          var size: UInt16
        #else
          var size: UInt64
        #endif
      }
      """
    #expect(
      try refusal(shared)
        == "Event.shared.swift:1: error: the BPF program and user space do not see the same `Event`: `size` is at offset 6 "
        + "(2 bytes) in the BPF program and at offset 8 (8 bytes) in user space; declare its fields without `#if`, with "
        + "types of one size on all machines")
  }

  @Test(arguments: [
    ("var a: UInt32; var b: UInt32", "var b: UInt32; var a: UInt32", "`a` is at offset 4 in the BPF program, and `b`"),
    ("var a: UInt32", "var a: Int32", "`a` at offset 4 has one type in the BPF program and another in user space"),
    ("var a: UInt32", "", "`a` at offset 4 is there only in the BPF program"),
    ("", "var a: UInt32", "`a` at offset 4 is there only in user space"),
  ]) func whatDiffersIsNamed(program: String, host: String, message: String) throws {
    let shared = """
      struct Event {
        var pid: UInt32
        #if hasFeature(Embedded)
          \(program)
        #else
          \(host)
        #endif
      }
      """
    let refusal = try #require(try refusal(shared))
    #expect(refusal.hasPrefix("Event.shared.swift:1: error: "))
    #expect(refusal.contains(message))
  }

  @Test func aStructInsideAnotherIsComparedToo() throws {
    let shared = """
      struct Place {
        #if hasFeature(Embedded)
          var device: UInt32
        #else
          var device: UInt64
        #endif
      }
      struct Event {
        var pid: UInt32
        var place: Place
      }
      """
    let refusal = try #require(try refusal(shared))
    #expect(refusal.contains("Event.shared.swift:1: error: the BPF program and user space do not see the same `Place`"))
    #expect(refusal.contains("Event.shared.swift:8: error: the BPF program and user space do not see the same `Event`"))
  }

  @Test func aFileThatNeedsOthersIsToldSo() throws {
    let shared = """
      struct Event { var pid: UInt32 }
      #if !hasFeature(Embedded)
        extension Event { var table: OtherFilesTable { OtherFilesTable() } }
      #endif
      """
    let refusal = try #require(try refusal(shared))
    #expect(refusal.contains("cannot find type 'OtherFilesTable' in scope"))
    #expect(refusal.contains("a file that both sides share is also compiled by itself"))
  }

  @Test func structsOfAFile() {
    let source = """
      public struct A { struct Inner {} }
      private struct Hidden {}
      struct Pair<T> { var first: T }
      #if hasFeature(Embedded)
        struct B {}
        struct OneSide {}
      #else
        struct B { var a: UInt8 }
      #endif
      @frozen public struct C: Sendable {}
      // struct Commented {}
      """
    #expect(SharedStructs.names(in: source) == ["A", "B", "C"])
  }
}
