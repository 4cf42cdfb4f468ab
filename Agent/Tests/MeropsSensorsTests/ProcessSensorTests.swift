// SPDX-License-Identifier: Apache-2.0
import Foundation
import MeropsModel
import MeropsSensors
import Testing

/// Processes that the test starts, as the sensor reports them.
@Suite(.serialized, .enabled(if: getuid() == 0, "loading programs into the kernel needs root"))
struct ProcessSensorTests {
  @Test func everyProcessIsToldOfWithParentPathArgumentsAndExitCode() throws {
    // Each shell starts 100 others, in a guest 10, one after the other; the last argument names the act.
    let watch = try Watch()
    let mark = "act-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    let shells = 20
    let each = ProcessInfo.processInfo.environment["MEROPS_GUEST"] == nil ? 100 : 10
    for shell in 0..<shells {
      try Shell.run("for i in $(seq \(each)); do /bin/sh -c 'exit $1' x $((i % 7)) \(mark)-\(shell)-$i; done; true")
    }
    let events = try watch.finish()

    var execs: [String: MeropsModel.Process] = [:]
    var exits: [ProcessKey: Int64] = [:]
    var forks: Set<ProcessKey> = []
    for event in events {
      switch event.kind {
      case .processFork: forks.insert(event.process.key)
      case .processExec:
        guard case .texts(let arguments)? = event[.processArguments], let last = arguments.last?.description,
          last.hasPrefix("\(mark)-")
        else { continue }
        #expect(execs[last] == nil)
        execs[last] = event.process
      case .processExit: if case .int(let code)? = event[.exitCode] { exits[event.process.key] = code }
      default: break
      }
    }
    #expect(execs.count == shells * each)
    var parents: Set<ProcessKey> = []
    for shell in 0..<shells {
      for index in 1...each {
        let process = try #require(execs["\(mark)-\(shell)-\(index)"])
        #expect(exits[process.key] == Int64(index % 7))
        #expect(forks.contains(process.key))
        #expect(process.facts[.processExecutable] == .text(Text(Shell.path)))
        let parent = try #require(process.parent)
        #expect(process.facts[.processParentID] == .uint(UInt64(parent.key.pid)))
        parents.insert(parent.key)
        #expect(process.ancestors.contains { $0.key.pid == UInt32(getpid()) })
      }
    }
    #expect(parents.count == shells)
  }
}
