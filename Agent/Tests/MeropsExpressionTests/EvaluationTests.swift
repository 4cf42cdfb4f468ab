// SPDX-License-Identifier: Apache-2.0

import MeropsExpression
import MeropsModel
import Testing

struct EvaluationTests {
  @Test(arguments: [
    // Comparisons and logic.
    ("true", Verdict.yes), ("false", .no), ("!false", .yes), ("true == false", .no), ("true != false", .yes),
    ("process.pid == 4711", .yes), ("process.pid == 4711u", .yes), ("4711 == process.pid", .yes),
    ("process.pid != 1", .yes),
    ("process.pid < 4712 && process.pid > 4710 && process.pid <= 4711 && process.pid >= 4711", .yes),
    ("process.user.id == 0 || process.pid == 4711", .yes), ("!(process.user.id == 0)", .yes),
    ("process.executable.deleted", .no), ("process.executable.deleted == false", .yes),
    ("event.kind == 'process.exit'", .yes), ("event.time == 1000000", .yes),
    // Signs: a uint above int's range is greater than any int, a negative int less than any uint.
    ("process.exit.code == -7", .yes), ("process.exit.code < 0", .yes), ("process.exit.code < 0u", .yes),
    ("process.duration > 9223372036854775807", .yes), ("process.duration == 18446744073709551615u", .yes),
    ("process.exit.code < process.duration", .yes), ("-9223372036854775808 < 0", .yes),
    ("process.exit.code in [-7, 3]", .yes),
    // Arithmetic: wraps, and division by zero is eBPF's.
    ("process.pid + 1 == 4712", .yes), ("process.pid - 4712 == 18446744073709551615u", .yes),
    ("9223372036854775807 + 1 < 0", .yes),
    ("process.pid / 0 == 0", .yes), ("process.pid % 0 == 4711", .yes), ("-7 / 2 == -3", .yes), ("-7 % 2 == -1", .yes),
    ("(-9223372036854775807 - 1) / -1 == -9223372036854775808", .yes), ("2 + 3 * 4 == 14", .yes),
    ("(2 + 3) * 4 == 20", .yes),
    ("math.bitAnd(process.pid, 0xf) == 7", .yes), ("math.bitOr(8, 1) == 9", .yes), ("math.bitXor(5, 1) == 4", .yes),
    ("math.bitShiftLeft(1, 4) == 16", .yes), ("math.bitShiftRight(16u, 4u) == 1", .yes),
    ("math.bitShiftLeft(1, 64) == 0", .yes), ("math.bitNot(0u) == 18446744073709551615u", .yes),
    ("int(process.duration) == -1", .yes), ("uint(process.exit.code) > 5u", .yes), ("-process.exit.code == 7", .yes),
    // Text.
    ("process.executable.path == '/usr/bin/curl'", .yes), ("process.executable.path < '/usr/bin/curlx'", .yes),
    ("process.executable.path.startsWith('/usr/')", .yes), ("process.executable.path.endsWith('/curl')", .yes),
    ("process.executable.path.contains('bin')", .yes), ("process.executable.path.contains('')", .yes),
    ("process.executable.path.glob('/usr/*/curl')", .yes), ("process.executable.path.glob('/*/curl')", .no),
    ("process.executable.path.glob('/**/curl')", .yes), ("process.executable.path.glob('/usr/bin/c?rl')", .yes),
    ("process.executable.path in ['/bin/sh', '/usr/bin/curl']", .yes), ("process.executable.path in []", .no),
    (#""\x41\u0042\103\n" == 'ABC\n'"#, .yes), (#"r"\n" == "\\n""#, .yes), (#"b"\xff" == b"\377""#, .yes),
    ("'''a'b''' == \"a'b\"", .yes),
    // Lists.
    ("'-fsS' in process.command_args", .yes), ("'-x' in process.command_args", .no),
    ("process.command_args[1] == '-fsS'", .yes),
    ("process.command_args.exists(a, a.startsWith('https:'))", .yes),
    ("process.command_args.all(a, a.contains('s'))", .no),
    ("process.command_args.size() == 3", .yes), ("size(process.command_args) == 3", .yes),
    ("process.command_args[7] == ''", .unknown),
    ("process.command_args.join(' ').startsWith('curl -fsS https:')", .yes),
    ("process.command_args.join().contains('-fsShttps:')", .yes),
    ("process.command_args.join(' ').lowerAscii().contains(' -fss ')", .yes),
    ("process.command_args.join(' ').contains(' -fss ')", .no),
    ("process.executable.path.lowerAscii() == '/usr/bin/curl'", .yes),
    ("process.ancestors.exists(p, p.executable.path.lowerAscii().endsWith('/SSHD'))", .no),
    ("process.working_directory.lowerAscii() == 'x'", .unknown),
    // Ancestors.
    ("process.ancestors.exists(p, p.executable.path == '/usr/sbin/sshd')", .yes),
    ("process.ancestors.exists(p, p.executable.path == '/usr/bin/curl')", .no),
    ("process.ancestors.all(p, p.user.id == 1000)", .no),
    ("process.ancestors.exists(p, p.user.id == 0 && p.pid == 1)", .yes),
    ("process.ancestors.all(p, p.pid < process.pid)", .yes),
    // What is not there.
    ("has(process.pid)", .yes), ("has(process.session.id)", .no), ("process.session.id == 1", .unknown),
    ("!(process.session.id == 1)", .unknown), ("process.session.id == 1 && false", .no),
    ("false && process.session.id == 1", .no),
    ("process.session.id == 1 || true", .yes), ("process.session.id == 1 || false", .unknown),
    ("has(process.session.id) && process.session.id == 1", .no),
    ("process.ancestors.exists(p, p.session.id == 1)", .unknown),
  ])
  func answers(_ text: String, _ verdict: Verdict) throws {
    #expect(try EventExpression(text).evaluate(subject()) == verdict)
  }

  /// The kernel's text ends too early: only what no continuation can change is known.
  @Test(arguments: [
    ("process.executable.path == '/usr/bin/curl'", Verdict.unknown),
    ("process.executable.path == '/usr/bin/curlew'", .unknown),
    ("process.executable.path == '/usr/bin/wget'", .no), ("process.executable.path == '/usr'", .no),
    ("process.executable.path > '/usr'", .yes), ("process.executable.path.startsWith('/usr/')", .yes),
    ("process.executable.path.startsWith('/usr/bin/curlew')", .unknown),
    ("process.executable.path.startsWith('/opt')", .no),
    ("process.executable.path.endsWith('curl')", .unknown), ("process.executable.path.contains('bin')", .yes),
    ("process.executable.path.contains('x')", .unknown), ("process.executable.path.glob('/usr/**')", .unknown),
    ("process.executable.path.glob('/opt/**')", .no), ("process.executable.path.glob('**')", .yes),
    ("process.executable.path in ['/usr/bin/curl', '/bin/sh']", .unknown),
    ("process.executable.path in ['/bin/sh']", .no),
  ])
  func cutTextIsNotTakenForTheWhole(_ text: String, _ verdict: Verdict) throws {
    #expect(try EventExpression(text).evaluate(subject(cutPath: true)) == verdict)
  }

  @Test func namedListsStandBehindIn() throws {
    let lists = ["tools": NamedList(["/usr/bin/curl", "/usr/bin/wget"]), "users": NamedList(["0", "1000"])]
    #expect(try EventExpression("process.executable.path in tools", lists: lists).evaluate(subject()) == .yes)
    #expect(try EventExpression("process.user.id in users", lists: lists).evaluate(subject()) == .yes)
    #expect(throws: ExpressionError.self) { try EventExpression("process.user.id in tools", lists: lists) }
  }
}

struct GlobTests {
  /// All positions of the pattern that the text so far can lead to: slow, and easily seen to be right.
  private func matches(_ parts: [Glob.Part], _ text: [UInt8]) -> Bool {
    func closed(_ reached: Set<Int>) -> Set<Int> {
      var reached = reached
      for position in parts.indices where reached.contains(position) {
        if parts[position] == .run || parts[position] == .anything { reached.insert(position + 1) }
      }
      return reached
    }
    var reached = closed([0])
    for byte in text {
      var next: Set<Int> = []
      for position in reached where position < parts.count {
        switch parts[position] {
        case .byte(let wanted): if byte == wanted { next.insert(position + 1) }
        case .one: if byte != 0x2f { next.insert(position + 1) }
        case .run: if byte != 0x2f { next.insert(position) }
        case .anything: next.insert(position)
        }
      }
      reached = closed(next)
    }
    return reached.contains(parts.count)
  }

  @Test func equalsAPlainAutomaton() throws {
    var random = Random(seed: 7)
    var count = 0
    for _ in 0..<60_000 {
      let pattern = (0..<random.below(9)).map { _ in Array("ab/*?*".utf8)[random.below(6)] }
      let text = (0..<random.below(12)).map { _ in Array("ab/".utf8)[random.below(3)] }
      let glob = try #require(Glob(pattern))
      let expected = matches(glob.parts, text)
      let found = glob.matches(text.span.bytes)
      #expect(
        found == expected,
        "\(String(decoding: pattern, as: UTF8.self)) \(String(decoding: text, as: UTF8.self))")
      if expected { count += 1 }
    }
    #expect(count > 2000)
  }

  @Test func aLongTextTakesNoLongTime() throws {
    let glob = try #require(Glob(Array("**a**a**a**a**a**a**a**b".utf8)))
    let text = Array(repeating: UInt8(ascii: "a"), count: 65_535)
    let found = glob.matches(text.span.bytes)
    #expect(!found)
  }
}

/// Numbers that are the same in each run (splitmix64).
struct Random {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
  }

  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
}
