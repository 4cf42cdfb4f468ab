// SPDX-License-Identifier: Apache-2.0

import MeropsExpression
import MeropsModel
import Testing

/// Which parts of a condition made its answer.
@Suite struct ReasonTests {
  private static let event: Event = {
    var facts = Facts()
    facts.append(.processExecutable, .text("/usr/bin/curl"))
    facts.append(.processUser, UInt64(7))
    var own = Facts()
    own.append(.destinationAddress, .address(Address(ipv4: 0xc000_0201)))
    own.append(.destinationPort, UInt64(443))
    var builder = EventBatchBuilder()
    builder.append(
      .networkConnect, id: EventID(rawValue: 1), time: 1,
      by: Process(key: ProcessKey(start: 1, pid: 1), generation: 0, parent: nil, facts: facts), own)
    return builder.finish()[0]
  }()

  @Test(arguments: [
    // All parts of a conjunction that holds; the one part that fails of one that does not.
    (
      "destination.port == 443 && process.user.id == 7", Verdict.yes,
      ["destination.port == 443", "process.user.id == 7"]
    ),
    ("destination.port == 443 && process.user.id == 8", .no, ["process.user.id == 8"]),
    // One part of a disjunction that holds; all of one that does not.
    ("process.user.id == 8 || destination.port == 443", .yes, ["destination.port == 443"]),
    ("process.user.id == 8 || destination.port == 80", .no, ["process.user.id == 8", "destination.port == 80"]),
    ("!(process.user.id == 8 || destination.port == 80)", .yes, ["process.user.id == 8", "destination.port == 80"]),
    ("!(destination.port in [80, 443])", .no, ["!(destination.port in [80, 443])"]),
    // The fewest parts.
    (
      "(process.user.id == 7 && destination.port == 443) || process.executable.path.startsWith(\"/usr/\")", .yes,
      ["process.executable.path.startsWith(\"/usr/\")"]
    ),
    ("process.group.id == 1 && process.user.id == 7", .unknown, ["process.group.id == 1"]),
    ("destination.address in [\"192.0.2.0/24\"]", .yes, ["destination.address in \"192.0.2.0/24\""]),
  ]) func theDecidingPartsAreNamed(_ text: String, _ verdict: Verdict, _ parts: [String]) throws {
    let expression = try EventExpression(text)
    let result = expression.reasons(Self.event)
    #expect(result.verdict == verdict && expression.evaluate(Self.event) == verdict)
    #expect(result.reasons.map { "\($0.part)" } == parts)
  }

  @Test func whatWasSeenIsTold() throws {
    let seen = try EventExpression("destination.port < 1024 && process.group.id == 1").reasons(Self.event).reasons
    #expect(seen.first?.values == [Reason.Seen(field: .processGroup, value: nil)])
    let port = try EventExpression("destination.port < 1024").reasons(Self.event).reasons
    #expect(port.first?.values == [Reason.Seen(field: .destinationPort, value: .uint(443))])
  }

  /// What a condition is written as is the same condition, but for lists that are long.
  @Test(arguments: [
    "process.user.id == 7", "!(process.user.id in [1, 2])", "has(container.id)", "!has(container.id)",
    "process.executable.path.glob(\"/usr/**/a?c\\\\*\")", "destination.address == \"2001:db8::1\"",
    "destination.address in \"10.0.0.0/8\"", "math.bitAnd(process.capabilities, 3) != 0",
    "process.command_args.exists(item, item.contains(\"-x\"))", "size(process.command_args) > 3",
    "process.ancestors.exists(ancestor, ancestor.executable.path.endsWith(\"/sshd\"))",
    "process.name == \"a\\\"b\\\\\" && (process.user.id == 1 || process.user.id == 2)",
    "process.command_args[1] == \"-c\"", "process.user.id + 1 == 5 * process.group.id", "process.exit.code == -1",
  ]) func aConditionIsWrittenAsItIsRead(_ text: String) throws {
    let condition = try EventExpression(text).condition
    #expect(try EventExpression("\(condition)").condition == condition, "\(condition)")
  }

  @Test func aLongListIsCut() throws {
    let condition = try EventExpression("process.user.id in [\((1...1000).map(String.init).joined(separator: ", "))]")
      .condition
    #expect("\(condition)" == "process.user.id in [1, 2, 3, 4, 5, 6, 7, 8, ... 1000 in all]")
  }
}
