// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestObjects
import TestSupport
import Testing

/// `merops skeleton`.
@Suite struct SkeletonTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  @Test func theObjectIsInsideUnlessToldOtherwise() throws {
    let file = try scratch.object("ring_buffer")
    let text = try Command.text("skeleton", file)
    #expect(text.contains("struct RingBuffer: BPF.SkeletonSupport.Embedded {"))
    #expect(text.contains("BPF.SkeletonSupport.decode(\"f0VMRgIBA"))
    let without = try Command.text("skeleton", file, "--no-embed", "--name", "Rings", "--access", "public")
    #expect(without.contains("public struct Rings: BPF.Skeleton {") && !without.contains("decode("))
  }

  @Test func itIsWrittenToAFile() throws {
    let file = try scratch.object("maps")
    let output = "\(scratch.path)/Maps.swift"
    #expect(try Command.text("skeleton", file, "-o", output).isEmpty)
    #expect(try String(contentsOfFile: output, encoding: .utf8) == Command.text("skeleton", file))
  }

  @Test func recordTypesMayBeChosen() throws {
    let file = try scratch.object("maps")
    let text = try Command.text("skeleton", file, "--event", "ring_buffer=lpm_key")
    #expect(text.contains("let ringBuffer: BPF.RingReader<Maps.LpmKey>"))
  }

  @Test(arguments: [
    (["--name", "a b"], "cannot be the name of a skeleton"),
    (["--name", "String"], "cannot be the name of a skeleton"),
    (["--event", "nothing=lpm_key"], "no map 'nothing'"), (["--event", "ring_buffer=nothing"], "no type 'nothing'"),
    (["--event", "ring_buffer"], "MAP=TYPE"), (["-o", "/absent/x.swift"], "/absent/x.swift"),
  ])
  func mistakes(arguments: [String], message: String) throws {
    let file = try scratch.object("maps")
    let result = try Shell.run([Command.path("merops"), "skeleton", file] + arguments)
    #expect(result.status != 0 && result.output.contains(message), "\(result.output)")
  }
}
