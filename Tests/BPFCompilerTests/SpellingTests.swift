// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BPFCompiler

/// What a misspelled section is told.
@Suite struct SpellingTests {
  @Test(arguments: [
    ("xpd", "did you mean `xdp`?"), ("XDP", "`xdp`"),
    ("tracepont/sched/sched_switch", "`tracepoint/sched/sched_switch`"),
    ("kprobes/do_exit", "`kprobe/do_exit`"), ("cgroup/conect4", "`cgroup/connect4`"), ("tcx/ingres", "`tcx/ingress`"),
    ("tp_bft/sched_switch", "`tp_btf/sched_switch`"), ("xdp/eth0", "`xdp` takes no target"),
    ("completely-else", "it names the hook"), (".text", "name the hook"), ("license", "name the hook"),
  ])
  func unknownSectionOfAProgram(section: String, expected: String) throws {
    let problem = try #require(SectionCheck.problem(program: section))
    #expect(problem.contains(expected), "\(problem)")
    #expect(problem.contains("`\(section)`"))
  }

  @Test(arguments: [
    "xdp", "?xdp", "tp_btf/x", "tp_btf", "tcx/ingress", "cgroup/connect4", "struct_ops/ssthresh", "kprobe/a",
  ])
  func knownSectionOfAProgram(section: String) { #expect(SectionCheck.problem(program: section) == nil) }

  @Test(arguments: [(".rodate", "`.rodata`"), (".dtaa", "`.data`"), ("maps", "a variable needs none"), ("xdp", "none")])
  func unknownSectionOfAVariable(section: String, expected: String) throws {
    #expect(try #require(SectionCheck.problem(variable: section)).contains(expected))
  }

  @Test(arguments: [".rodata", ".rodata.limits", ".data", ".data.hot", ".bss", ".struct_ops.link"])
  func knownSectionOfAVariable(section: String) { #expect(SectionCheck.problem(variable: section) == nil) }

  @Test(arguments: [
    ("", "", 0), ("a", "", 1), ("", "ab", 2), ("xpd", "xdp", 1), ("kitten", "sitting", 3), ("abc", "abc", 0),
  ])
  func distance(first: String, second: String, expected: Int) {
    #expect(Spelling.distance(first, second) == expected)
    #expect(Spelling.distance(second, first) == expected)
  }
}
