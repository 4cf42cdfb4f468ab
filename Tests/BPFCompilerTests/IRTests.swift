// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import BPFCompiler

/// The reader of LLVM's text, with text as the compiler writes it and as it does not.
@Suite struct IRTests {
  @Test(arguments: [
    ("call void @f(ptr @g)", ["f", "g"]), ("@\"$s4name\" = x", ["$s4name"]), ("c\"@not\" @yes", ["yes"]), ("@", []),
    ("@\"open", []), ("@1 @a.b-c$d_e", ["1", "a.b-c$d_e"]), ("", []), ("é@ñ @ok", ["ok"]),
  ])
  func names(line: String, expected: [String]) { #expect(IRText.globalNames(in: line) == expected) }

  @Test func renaming() {
    let line = "store ptr @\"$s1x\", ptr @plain, !dbg !7 ; c\"@plain\""
    #expect(
      IRText.renaming(line) { ["$s1x": "x", "plain": "9new"][$0] }
        == "store ptr @x, ptr @\"9new\", !dbg !7 ; c\"@plain\"")
    #expect(IRText.renaming("nothing here") { _ in "x" } == "nothing here")
  }

  @Test(arguments: [
    ("a, b", ["a", "b"]),
    ("{ i32, i64 }, <{ a, b }>, [2 x i8] c\"x,y\"", ["{ i32, i64 }", "<{ a, b }>", "[2 x i8] c\"x,y\""]),
    ("", []), (" , ", [""]), ("f(a, b), c", ["f(a, b)", "c"]), ("\"open, a", ["\"open, a"]), (")), a", [")), a"]),
  ])
  func commas(text: String, expected: [String]) {
    #expect(IRText.commaSeparated(text).map { String($0) } == expected)
  }

  @Test func brackets() throws {
    let (inside, rest) = try #require(IRText.bracketed("(a, (b), c\")\") tail"))
    #expect(inside == "a, (b), c\")\"")
    #expect(rest == " tail")
    for odd in ["", "a", "(", "((a)", ")", "(\")"] { #expect(IRText.bracketed(Substring(odd)) == nil) }
  }

  @Test func nodes() {
    var node = MetadataNode("distinct !DIFile(filename: \"a(b, c).swift\", directory: \"/x\", line: 7, scope: !12)")
    #expect(node.isDistinct && node.kind == "DIFile")
    #expect(node.string("filename") == "a(b, c).swift")
    #expect(node.number("line") == 7 && node.reference("scope") == 12 && node["none"] == nil)
    node["line"] = nil
    node["directory"] = "\".\""
    node["new"] = "null"
    #expect(node.text == "distinct !DIFile(filename: \"a(b, c).swift\", directory: \".\", scope: !12, new: null)")
    #expect(MetadataNode("!{!1, null, !3}").kind.isEmpty)
  }

  @Test func numbersBeyondLLVMsAreNotTaken() {
    var metadata = Metadata()
    for line in ["!9223372036854775807 = !{}", "!-1 = !{}", "!99999999999999999999 = !{}", "! = !{}", "!x"] {
      let isTaken = metadata.add(Substring(line))
      #expect(!isTaken, "\(line)")
    }
    _ = metadata.add("!5 = !{!1}")
    #expect(Set(metadata.numbers) == [5])
    #expect(metadata.append("!{}") == 6)
  }

  @Test func functions() throws {
    let text = """
      define protected swiftcc { i64, i1 } @"$s1f"(ptr noundef %0, [2 x i64] %1) #3 section "xdp" !dbg !12 {
      entry:
        ret i32 0, !dbg !13
      }
      declare void @g()
      """
    let module = try IRModule(text)
    let function = try #require(module.functions.first)
    #expect(function.name == "$s1f" && function.resultType == "{ i64, i1 }" && function.parameters.count == 2)
    #expect(function.section == "xdp" && function.debugNode == 12 && function.attributeGroups == [3])
    #expect(function.body?.count == 2)
    #expect(module.functions.last?.body == nil)
    let again = try IRModule(module.text)
    #expect(again.text == module.text)
  }

  @Test func whatIsReadIsWrittenAgain() throws {
    let text = try Built.text(ObjectTests.source, stage: .swiftIR)
    let once = try IRModule(text).text
    let twice = try IRModule(once).text
    #expect(twice == once)
    let functions = try IRModule(text).functions
    #expect(
      functions.count
        == text.split(separator: "\n").filter {
          $0.hasPrefix("define ") || $0.hasPrefix("declare ")
        }.count)
  }

  /// Text that no compiler wrote: an error or an odd result, never a trap and never without end.
  @Test func oddText() throws {
    let text = try Self.smallest(Built.text(ObjectTests.source, stage: .swiftIR))
    var random = SeededRandom(seed: 7)
    var accepted = 0
    for _ in 0..<150 {
      var lines = text
      for _ in 0..<(1 + random.next(below: 4)) {
        let index = random.next(below: lines.count)
        switch random.next(below: 6) {
        case 0: lines.remove(at: index)
        case 1: lines.swapAt(index, random.next(below: lines.count))
        case 2: lines[index] = String(lines[index].prefix(random.next(below: lines[index].utf8.count + 1)))
        case 3: lines[index] += ["!dbg !", "@", "\"", "(", "}", "!99", " section \"xdp\""][random.next(below: 7)]
        case 4: lines[index] = Self.withOtherNumbers(lines[index], &random)
        default: lines.insert(lines[random.next(below: lines.count)], at: index)
        }
      }
      do {
        var probe = try ProbeModule(lines.joined(separator: "\n"), files: ["probe.bpf.swift"])
        let converted = try probe.convert(root: "/nowhere")
        // What is accepted is a module: it can be read again, and has the program.
        #expect(try IRModule(converted).functions.contains { $0.section != nil && $0.body != nil })
        accepted += 1
      } catch {
        #expect(!error.diagnostics.isEmpty)
      }
    }
    // Some mutations are harmless, and most are not.
    #expect((10...100).contains(accepted), "\(accepted) of 150 were accepted")
  }

  @Test(arguments: [
    "", "\n\n", "}", "define", "define void @f() {", "declare void", "@x", "@x = ", "!0", "!0 = ", "attributes #",
    "é\u{0}",
    "define void @f() section \"xdp\" !dbg !0 {\n}\n!0 = !DISubprogram(file: !0, scope: !0, type: !0)",
    "define i32 @f(ptr %0) section \"xdp\" !dbg !0 {\n  ret i32 0, !dbg !1\n}\n!0 = distinct !DISubprogram(name: \"f\", "
      + "file: !2, type: !3)\n!1 = !DILocation(line: 1, scope: !1, inlinedAt: !1)\n!2 = !DIFile(filename: \"probe.bpf.swift\")"
      + "\n!3 = !DISubroutineType(types: !3)",
  ])
  func brokenModules(text: String) {
    #expect(throws: CompileError.self) {
      var probe = try ProbeModule(text, files: ["probe.bpf.swift"])
      return try probe.convert(root: "/nowhere")
    }
  }

  @Test(arguments: [
    ("!DIBasicType(name: \"x\", size: 0)", true), ("!DICompositeType(tag: DW_TAG_array_type, baseType: !0)", false),
    ("!DIDerivedType(tag: DW_TAG_typedef, baseType: !0)", false),
    ("!DICompositeType(tag: DW_TAG_structure_type, name: \"S\", size: 64, elements: !1)", false),
    ("!DICompositeType(tag: DW_TAG_array_type, baseType: !2, elements: !3)", false),
  ])
  func brokenTypes(text: String, isType: Bool) {
    var metadata = Metadata()
    let nodes = [
      text, "!{!4}", "!DIBasicType(name: \"long\", size: 64)", "!{!5}",
      "!DIDerivedType(tag: DW_TAG_member, name: \"x\", baseType: !0)", "!DISubrange(count: 9223372036854775807)",
    ]
    for (number, node) in nodes.enumerated() { _ = metadata.add(Substring("!\(number) = \(node)")) }
    let reader = SwiftTypeReader(metadata)
    if isType {
      #expect((try? reader.type(0)) != nil)
    } else {
      #expect(throws: LayoutError.self) { try reader.type(0) }
    }
  }

  /// What the programs reach is enough: the rest is Swift's runtime.
  private static func smallest(_ text: String) throws -> [String] {
    let module = try ProbeModule(text, files: ["probe.bpf.swift"])
    let reached = module.reachable(from: module.programs)
    var small = module.module
    small.functions.removeAll { !reached.contains($0.name) }
    return small.text.split(separator: "\n").map { String($0) }
  }

  private static func withOtherNumbers(_ line: String, _ random: inout SeededRandom) -> String {
    let numbers = ["0", "1", "-1", "4294967295", "9223372036854775807", "99999999999999999999"]
    return line.split(separator: " ", omittingEmptySubsequences: false).map { word in
      guard word.contains(where: { $0.isNumber }), random.next(below: 3) == 0 else { return String(word) }
      return String(word.filter { !$0.isNumber }) + numbers[random.next(below: numbers.count)]
    }.joined(separator: " ")
  }
}
