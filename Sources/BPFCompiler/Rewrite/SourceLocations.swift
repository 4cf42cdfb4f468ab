// SPDX-License-Identifier: Apache-2.0

/// Where instructions come from, in files that the author wrote.
///
/// Most instructions of a probe are inlined from the kernel-side module. The verifier quotes the line of an instruction:
/// it should be the author's, not ours.
struct SourceLocations {
  /// The files as they were given to the compiler.
  let authorFiles: Set<String>
  private var files: [Int: String?] = [:]
  private var isAuthors: [Int: Bool] = [:]

  init(authorFiles: some Sequence<String>) { self.authorFiles = Set(authorFiles) }

  /// Whether a scope, variable or function was written by the author.
  mutating func isAuthor(_ node: Int, in metadata: Metadata) -> Bool {
    if let known = isAuthors[node] { return known }
    let result = file(of: node, in: metadata).map(authorFiles.contains) ?? false
    isAuthors[node] = result
    return result
  }

  /// The place that a node with `line:` names.
  mutating func location(of node: Int, in metadata: Metadata) -> SourceLocation? {
    guard let parts = metadata[node] else { return nil }
    let line = parts.number("line") ?? 0
    let holder = parts.kind == "DILocation" ? parts.reference("scope") ?? node : node
    guard let file = file(of: holder, in: metadata) else { return nil }
    return SourceLocation(file: file, line: line, column: parts.number("column") ?? 0)
  }

  /// The author's place from which an instruction was inlined, with the place itself if it is the author's.
  mutating func authorLocation(of location: Int, in metadata: Metadata) -> SourceLocation? {
    guard let number = authorNode(of: location, in: metadata) else { return nil }
    return self.location(of: number, in: metadata)
  }

  /// Lets every place inside inlined code of ours be the author's place that called it.
  mutating func collapse(_ metadata: inout Metadata) {
    for number in metadata.numbers.sorted() where metadata.isKind(number, "DILocation") {
      guard let author = authorNode(of: number, in: metadata), author != number, let node = metadata[author] else {
        continue
      }
      metadata.replace(number, with: node.text)
    }
  }

  private mutating func authorNode(of location: Int, in metadata: Metadata) -> Int? {
    var next: Int? = location
    for _ in 0..<256 {
      guard let number = next, let node = metadata[number], let scope = node.reference("scope") else { return nil }
      // Line 0 stands for code without a place of its own.
      if isAuthor(scope, in: metadata), node.number("line") != 0 { return number }
      next = node.reference("inlinedAt")
    }
    return nil
  }

  /// The file that a scope is in, as it was named to the compiler.
  mutating func file(of node: Int, in metadata: Metadata) -> String? {
    if let known = files[node] { return known }
    // Scopes that go round in a circle have no file.
    files[node] = .some(nil)
    var result: String?
    if let parts = metadata[node] {
      if parts.kind == "DIFile" {
        result = parts.string("filename")
      } else if let file = parts.reference("file") ?? parts.reference("scope") {
        result = self.file(of: file, in: metadata)
      }
    }
    files[node] = result
    return result
  }
}
