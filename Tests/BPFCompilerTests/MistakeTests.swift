// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFCompiler
import Foundation
import TestSupport
import Testing

/// A probe with a mistake in it, from `Mistakes/`: its first line says which, `// here` marks the line that is wrong.
struct Mistake: Sendable, CustomTestStringConvertible {
  var name: String
  var title: String
  var line: Int
  /// The line that is wrong.
  var code: String

  var testDescription: String { name }
  var file: String { "\(name).bpf.swift" }

  static let all: [Mistake] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: Checkout.mistakes)) ?? []
    return names.sorted().compactMap { Mistake(String($0.prefix { $0 != "." })) }
  }()

  init?(_ name: String) {
    guard let text = try? String(contentsOfFile: "\(Checkout.mistakes)/\(name).bpf.swift", encoding: .utf8) else {
      return nil
    }
    let lines = text.components(separatedBy: "\n")
    guard lines[0].hasPrefix("// Mistake: "), let index = lines.firstIndex(where: { $0.hasSuffix("// here") }) else {
      return nil
    }
    self.name = name
    title = String(lines[0].dropFirst("// Mistake: ".count))
    line = index + 1
    code = lines[index].dropLast("// here".count).trimmingCharacters(in: .whitespaces)
  }

  /// What the author is told when the probe is built; nil if that works.
  func refusal() throws -> [String]? {
    do {
      _ = try Checkout.compiler().compile("\(Checkout.mistakes)/\(file)", root: Checkout.mistakes)
      return nil
    } catch let error as CompileError {
      // Swift's compiler adds the lines around the place, and its own notes there.
      let prefix = "\(Checkout.mistakes)/"
      let told = "\(error)".split(separator: "\n").filter { $0.hasPrefix(prefix) && !$0.contains(": warning: ") }
        .map { String($0.dropFirst(prefix.count)).replacingOccurrences(of: " [#EmbeddedRestrictions]", with: "") }
      return told.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
  }

  /// What the author is told when the probe is loaded; nil if that works.
  func verdict() throws -> VerifierError? {
    let bytes = try Checkout.compiler().compile("\(Checkout.mistakes)/\(file)", root: Checkout.mistakes)
    do {
      try BPFCollection(bytes: bytes, name: "mistake").load()
      return nil
    } catch {
      return try #require(error.underlying as? VerifierError, "\(error)")
    }
  }

  /// What `docs/mistakes.md` says of it.
  func section(_ messages: [String]) -> String {
    "### \(title.prefix(1).uppercased())\(title.dropFirst())\n\n    \(code)\n\n"
      + messages.map { "> `\($0.replacingOccurrences(of: "`", with: "'"))`\n" }.joined(separator: ">\n") + "\n"
  }
}

/// Mistakes of newcomers, and what they are told. `docs/mistakes.md` shows it; after a change,
/// `MEROPS_UPDATE_MISTAKES=1 swift test --filter MistakeTests` writes it again, as root.
@Suite struct MistakeTests {
  static let document = "\(Checkout.root)/docs/mistakes.md"

  @Test(arguments: Mistake.all) func namesTheLineAndSaysWhatToDo(_ mistake: Mistake) throws {
    let document = (try? String(contentsOfFile: Self.document, encoding: .utf8)) ?? ""
    guard let told = try mistake.refusal() else {
      #expect(document.contains("\(mistake.code)\n\n> `\(mistake.file):\(mistake.line): when it is loaded: "))
      return
    }
    let place = "\(mistake.file):\(mistake.line):"
    #expect(told.contains { $0.hasPrefix(place) && $0.contains(" error: ") }, "\(told)")
    #expect(!told.contains { $0.contains("Stack dump") || $0.contains("$s") || $0.contains("$e") })
    guard ProcessInfo.processInfo.environment["MEROPS_UPDATE_MISTAKES"] == nil else { return }
    #expect(
      document.contains(mistake.section(told).trimmingCharacters(in: .newlines)),
      "docs/mistakes.md says otherwise: \(told)")
  }

  @Test(.requires(.root), arguments: Mistake.all) func theVerifierNamesTheLine(_ mistake: Mistake) throws {
    guard try mistake.refusal() == nil else { return }
    let error = try #require(try mistake.verdict(), "the verifier accepts \(mistake.name)")
    #expect(error.source?.contains("\(mistake.file):\(mistake.line): ") ?? false, "\(error)")
    let hint = try #require(error.hint, "no hint for: \(error.cause)")
    #expect("\(error)".contains("what to do: \(hint)"))
    guard ProcessInfo.processInfo.environment["MEROPS_UPDATE_MISTAKES"] == nil else { return }
    let document = try String(contentsOfFile: Self.document, encoding: .utf8)
    #expect(
      document.contains(mistake.section([Self.loading(mistake, hint)]).trimmingCharacters(in: .newlines)),
      "docs/mistakes.md says otherwise: \(hint)")
  }

  static func loading(_ mistake: Mistake, _ hint: String) -> String {
    "\(mistake.file):\(mistake.line): when it is loaded: \(hint)"
  }

  @Test func theTableIsWhole() throws {
    #expect(Mistake.all.count >= 25)
    if ProcessInfo.processInfo.environment["MEROPS_UPDATE_MISTAKES"] != nil { try write() }
    let document = try String(contentsOfFile: Self.document, encoding: .utf8)
    let titles = document.split(separator: "\n").filter { $0.hasPrefix("### ") }
    #expect(titles.count == Mistake.all.count)
  }

  private func write() throws {
    var (built, loaded) = ("", "")
    for mistake in Mistake.all.sorted(by: { $0.title < $1.title }) {
      if let told = try mistake.refusal() {
        built += mistake.section(told)
      } else if let hint = try mistake.verdict()?.hint {
        loaded += mistake.section([Self.loading(mistake, hint)])
      }
    }
    let text = """
      # Mistakes, and what Merops says

      Each section shows a line of a probe with one mistake, and the message. A test builds and loads the probes, which lie
      in `Tests/BPFCompilerTests/Mistakes`, and compares.

      ## When the probe is built

      \(built)## When the probe is loaded

      The verifier's own message stands before each of these, and the end of its log after it.

      \(loaded)
      """
    try text.trimmingCharacters(in: .newlines).appending("\n")
      .write(toFile: Self.document, atomically: true, encoding: .utf8)
  }
}
