// SPDX-License-Identifier: Apache-2.0

import BPFCompiler
import BPFObject
import Foundation
import TestSupport
import Testing

/// A probe in several files.
@Suite(.requires(.kernelBTF)) struct PartTests {
  private static let probe = """
    import BPFKernel

    let license = License.gpl
    var starts = HashMap<UInt32, Start>(maxEntries: 16)

    @section("tp_btf/sched_process_exec")
    func onExec(_ context: BTFTracepoint.sched_process_exec) -> Int32 {
      remember(context.p.probed)
      return 0
    }
    """

  /// It names a type of the kernel, a map of the other file, and has a program of its own.
  private static let part = """
    import BPFKernel

    struct Start {
      var time: UInt64
    }

    @inline(__always)
    func remember(_ task: task_struct.Probed) {
      starts[UInt32(bitPattern: task.tgid)] = Start(time: task.start_time)
    }

    @section("tp_btf/sched_process_exit")
    func onExit(_ context: BTFTracepoint.sched_process_exit) -> Int32 {
      starts.delete(UInt32(bitPattern: context.p.tgid))
      return 0
    }
    """

  private func compile(_ part: String) throws -> [UInt8] {
    try withTemporaryFolder { folder in
      try Self.probe.write(toFile: "\(folder)/probe.bpf.swift", atomically: true, encoding: .utf8)
      try part.write(toFile: "\(folder)/Starts.swift", atomically: true, encoding: .utf8)
      return try Checkout.compiler().compile(
        "\(folder)/probe.bpf.swift", parts: ["\(folder)/Starts.swift"], root: folder)
    }
  }

  @Test func theFilesAreOneObject() throws {
    let object = try ObjectSpec(bytes: try compile(Self.part), name: "probe")
    #expect(object.programs.map(\.name).sorted() == ["onExec", "onExit"])
    #expect(object.maps.map(\.name) == ["starts"])
  }

  @Test func aMistakeIsNamedInItsFile() throws {
    let error = #expect(throws: CompileError.self) {
      try compile(Self.part.replacing("task.start_time", with: "task.start_tine"))
    }
    #expect("\(try #require(error))".contains("Starts.swift:9:"))
  }
}
