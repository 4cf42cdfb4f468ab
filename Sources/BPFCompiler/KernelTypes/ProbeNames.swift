// SPDX-License-Identifier: Apache-2.0

/// What a probe's sources name: words that may be kernel types, fields, contexts and functions.
struct ProbeNames {
  /// Where a word stands.
  struct Place: Hashable, Sendable {
    /// Index of the source.
    var source: Int
    var line: Int
    var column: Int
  }

  /// Words that stand where a type, constant or function may, with the first place of each.
  private(set) var words: [String: Place] = [:]
  /// Words after a dot: fields, among other things.
  private(set) var members: [String: Place] = [:]
  /// Words that are called: `name(`.
  private(set) var calls: [String: Place] = [:]
  /// What the probe declares anywhere, locals and parameters included.
  private(set) var declared: Set<String> = []
  /// What it declares outside of any braces: names that generated code cannot have.
  private(set) var global: Set<String> = []
  /// Words that stand where a type does, whatever else they name.
  private var typed: Set<String> = []
  /// Fields that types have on other kernels.
  private(set) var flavors: [FlavorDeclaration] = []
  /// `A.b` and `A.b.c`, each in its first place.
  private(set) var paths: [[String]: Place] = [:]

  init(_ sources: [String]) {
    for (index, source) in sources.enumerated() { read(SourceTokens.of(source), index) }
  }

  /// The words that may be names of kernel types, in order.
  var candidates: [String] {
    words.keys.filter { !global.contains($0) && (!declared.contains($0) || typed.contains($0)) }.sorted()
  }

  private static let declaring: Set<String> = [
    "let", "var", "func", "struct", "enum", "class", "protocol", "typealias", "for", "case", "import",
  ]

  private mutating func read(_ tokens: [SourceToken], _ source: Int) {
    func sign(_ index: Int) -> String? {
      tokens.indices.contains(index) && tokens[index].kind == .sign ? tokens[index].text : nil
    }
    func word(_ index: Int) -> String? {
      tokens.indices.contains(index) && tokens[index].kind == .word ? tokens[index].text : nil
    }
    for index in tokens.indices {
      guard let text = word(index) else {
        if sign(index) == "{" { closureParameters(tokens, after: index) }
        continue
      }
      let token = tokens[index]
      let place = Place(source: source, line: token.line, column: token.column)
      if sign(index - 1) == "." {
        if members[text] == nil { members[text] = place }
        continue
      }
      if let previous = word(index - 1), Self.declaring.contains(previous), sign(index - 2) != "." {
        declare(text, isGlobal: token.depth == 0)
        if previous == "protocol", let flavor = FlavorDeclaration(tokens, at: index, source: source) {
          flavors.append(flavor)
        }
        continue
      }
      if sign(index + 1) == ":", sign(index - 1) != "?" {
        // A label or a parameter; `a ? b : c` is neither.
        if sign(index - 1) == "(" || sign(index - 1) == "," || word(index - 1) != nil { declared.insert(text) }
        continue
      }
      if words[text] == nil { words[text] = place }
      if sign(index + 1) == "(", calls[text] == nil { calls[text] = place }
      if sign(index + 1) == "(" || isType(before: index, sign, word) { typed.insert(text) }
      var path = [text]
      var next = index + 1
      while path.count < 3, sign(next) == ".", let name = word(next + 1) {
        path.append(name)
        if paths[path] == nil { paths[path] = place }
        next += 2
      }
    }
  }

  /// Whether what comes before a word makes it a type: `: T`, `-> T`, `<T`, `as T`.
  private func isType(before index: Int, _ sign: (Int) -> String?, _ word: (Int) -> String?) -> Bool {
    switch sign(index - 1) {
    case ":", "<", "[": true
    case ">": sign(index - 2) == "-"
    case nil: ["as", "is", "extension"].contains(word(index - 1))
    default: false
    }
  }

  private mutating func declare(_ name: String, isGlobal: Bool) {
    declared.insert(name)
    if isGlobal { global.insert(name) }
  }

  /// `{ a, b in`
  private mutating func closureParameters(_ tokens: [SourceToken], after brace: Int) {
    var names: [String] = []
    for token in tokens[(brace + 1)...].prefix(16) {
      if token.kind == .word {
        if token.text == "in" { return declared.formUnion(names) }
        names.append(token.text)
      } else if token.kind != .sign || !["(", ")", ",", "_"].contains(token.text) {
        return
      }
    }
  }
}
