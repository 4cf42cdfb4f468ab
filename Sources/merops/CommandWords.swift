// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc

/// The words of a command line, before its options are parsed: they name the verb.
struct CommandWords {
  /// The names up to the verb, `merops` first.
  private var path = ["merops"]
  private var verb: any ParsableCommand.Type = Merops.self
  /// What follows the verb.
  private var rest: ArraySlice<String>

  /// Finds the verb. A command that merops does not have is run where there is a program `merops-COMMAND`, as git does.
  init(_ words: [String]) throws {
    rest = words[...]
    // The shell asks what may follow: `merops ---completion VERB ...`.
    if words.first == "---completion", let verb = words.dropFirst().first { try Self.runAgent(verb, words) }
    while let word = rest.first, !word.hasPrefix("-"), !verb.configuration.subcommands.isEmpty {
      // ArgumentParser's own, which takes any words.
      if path.count == 1, word == "help" {
        for (index, word) in rest.dropFirst().enumerated() where !word.hasPrefix("-") && !enter(word) {
          if index == 0 { try Self.runProgram(of: word, ["--help"]) }
          throw ValidationError(unknown(word))
        }
        (path, verb) = (["merops"], Merops.self)
        break
      }
      guard enter(word) else {
        if path.count == 1 { try Self.runProgram(of: word, Array(rest.dropFirst())) }
        throw ValidationError(unknown(word))
      }
      rest = rest.dropFirst()
    }
  }

  /// Goes on to a verb; false if there is none of the name.
  private mutating func enter(_ word: String) -> Bool {
    guard let next = verb.configuration.subcommands.first(where: { $0.configuration.commandName == word }) else {
      return false
    }
    path.append(word)
    verb = next
    return true
  }

  /// The words that this process was started with, after its own name.
  ///
  /// - Throws: for a word that is not UTF-8: as a `String` it would silently become the name of something else.
  static func ofProcess() throws -> [String] {
    try CommandLine.unsafeArgv.dropFirstWords(CommandLine.argc).map { word in
      if let text = String(validatingCString: word) { return text }
      throw ValidationError(
        "the argument '\(escaped(word))' is not UTF-8, as merops needs names and values; for a value write its bytes, as "
          + "in 'hex 63 61 66 e9', and for a file go to its directory or make a link to it")
    }
  }

  private static func escaped(_ word: UnsafeMutablePointer<CChar>) -> String {
    UnsafeBufferPointer(start: word, count: strlen(word)).map { letter in
      let byte = UInt8(bitPattern: letter)
      return 0x20..<0x7f ~= byte ? String(Unicode.Scalar(byte)) : "\\x" + String(byte, radix: 16)
    }.joined()
  }

  /// Parses the whole command line.
  func command() throws -> any ParsableCommand {
    try Merops.parseAsRoot(path.dropFirst() + guarded(Array(rest)))
  }

  /// A key or value such as -7 is not an option, and neither is the number that follows one.
  private func guarded(_ words: [String]) throws -> [String] {
    func isNumber(_ word: String) -> Bool {
      word.hasPrefix("-") && word.dropFirst().first.map { $0.isNumber || $0 == "." } == true
    }
    guard verb is any NegativeValues.Type else {
      return try words.reduce(into: []) { done, word in
        let option = done.last { _ in !done.contains("--") }.flatMap {
          $0.hasPrefix("-") && !$0.contains("=") ? $0 : nil
        }
        try refuseEmpty(word, after: option)
        if let option, option.hasPrefix("--"), isNumber(word) {
          done[done.count - 1] = "\(option)=\(word)"
        } else {
          done.append(word)
        }
      }
    }
    guard !words.contains("--"), words.contains(where: isNumber) else { return words }
    func isOption(_ word: String) -> Bool { word.hasPrefix("-") && !isNumber(word) }
    return words.filter(isOption) + ["--"] + words.filter { !isOption($0) }
  }
}

extension CommandWords {
  /// A variable that is not set in a script must not mean the root directory, or what else an empty name may stand for.
  private func refuseEmpty(_ word: String, after option: String?) throws {
    let start = path.joined(separator: " ")
    if word.isEmpty {
      throw ValidationError(option.map { "\($0) is empty" } ?? "an argument of `\(start)` is empty")
    }
    if word.hasPrefix("-"), word.firstIndex(of: "=") == word.indices.last {
      throw ValidationError("\(word.dropLast()) is empty")
    }
  }
}

extension UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> {
  /// The words of an argument vector after the first.
  fileprivate func dropFirstWords(_ count: CInt) -> [UnsafeMutablePointer<CChar>] {
    count < 2 ? [] : (1..<Int(count)).compactMap { self[$0] }
  }
}

/// A verb whose arguments may be negative numbers. All its options are flags.
protocol NegativeValues: ParsableCommand {}

extension MapGet: NegativeValues {}
extension MapSet: NegativeValues {}
extension MapDelete: NegativeValues {}

extension CommandWords {
  /// Becomes the program `merops-COMMAND`, or the agent where the command is one of its verbs; returns where there is neither.
  private static func runProgram(of command: String, _ arguments: [String]) throws {
    if let program = Programs.find(command) { try Programs.become(program, arguments) }
    try runAgent(command, [command] + arguments)
  }

  /// Becomes the agent's program where it has a verb.
  private static func runAgent(_ verb: String, _ arguments: [String]) throws {
    guard let agent = Programs.find(AgentVerbs.program), AgentVerbs.all.contains(where: { $0.name == verb }) else {
      return
    }
    try Programs.become(agent, arguments)
  }

  private func unknown(_ word: String) -> String {
    let known =
      verb.configuration.subcommands.compactMap { $0.configuration.commandName }
      + (path.count == 1 ? AgentVerbs.all.map(\.name) : [])
    let likely = known.min { Self.distance(word, $0) < Self.distance(word, $1) }
    let start = path.joined(separator: " ")
    guard !known.isEmpty else { return "`\(start)` has no verbs, such as '\(word)'" }
    let text = "'\(word)' is not a \(path.count == 1 ? "command" : "verb") of \(start)"
    guard let likely, Self.distance(word, likely) <= 2 else {
      return text + "; it has \(known.joined(separator: ", "))"
    }
    return text + "; did you mean `\(start) \(likely)`?"
  }

  /// How many letters have to be inserted, removed, exchanged or swapped with their neighbor; 1 where one word is the
  /// beginning of the other.
  private static func distance(_ one: String, _ other: String) -> Int {
    let (one, other) = (Array(one), Array(other))
    guard one.isEmpty || !one.starts(with: other) && !other.starts(with: one) else { return 1 }
    var rows = [Array(0...other.count)]
    for (i, letter) in one.enumerated() {
      var row = [i + 1]
      for (j, candidate) in other.enumerated() {
        var best = min(row[j] + 1, rows[i][j + 1] + 1, rows[i][j] + (letter == candidate ? 0 : 1))
        if i > 0, j > 0, letter == other[j - 1], one[i - 1] == candidate { best = min(best, rows[i - 1][j - 1] + 1) }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[one.count][other.count]
  }
}
