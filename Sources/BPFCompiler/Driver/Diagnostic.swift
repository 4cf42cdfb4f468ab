// SPDX-License-Identifier: Apache-2.0

/// A place in a source file; lines and columns count from 1, 0 means unknown.
public struct SourceLocation: Hashable, Sendable {
  public var file: String
  public var line: Int
  public var column: Int

  public init(file: String, line: Int, column: Int = 0) {
    self.file = file
    self.line = line
    self.column = column
  }
}

/// What keeps a source from becoming a BPF program, at its place.
public struct Diagnostic: Hashable, Sendable, CustomStringConvertible {
  public var location: SourceLocation?
  /// What is wrong, and what to do.
  public var message: String

  public init(at location: SourceLocation? = nil, _ message: String) {
    self.location = location
    self.message = message
  }

  /// `file:line:column: error: message`, which editors and SwiftPM understand.
  public var description: String {
    guard let location else { return "error: \(message)" }
    var place = "\(location.file):\(location.line)"
    if location.column > 0 { place += ":\(location.column)" }
    return "\(place): error: \(message)"
  }
}

extension [Diagnostic] {
  /// In the order of the source.
  func inOrder() -> [Diagnostic] {
    sorted { ($0.location?.file ?? "", $0.location?.line ?? 0) < ($1.location?.file ?? "", $1.location?.line ?? 0) }
  }
}

/// A compilation that failed.
public struct CompileError: Error, Sendable, CustomStringConvertible {
  /// In the order of the source; empty if the compiler's own output is enough.
  public var diagnostics: [Diagnostic]
  /// What a compiler printed by itself, if it did: it names the places already.
  public var compilerOutput: String

  public init(_ diagnostics: [Diagnostic], compilerOutput: String = "") {
    self.diagnostics = diagnostics
    self.compilerOutput = compilerOutput
  }

  public init(_ message: String) { self.init([Diagnostic(message)]) }

  public var description: String {
    ([compilerOutput].filter { !$0.isEmpty } + diagnostics.map(\.description)).joined(separator: "\n")
  }
  /// With files named absolutely.
  func absolute(root: String) -> CompileError {
    var result = self
    for index in result.diagnostics.indices {
      guard let file = result.diagnostics[index].location?.file else { continue }
      result.diagnostics[index].location?.file = Files.absolute(file, in: root)
    }
    return result
  }
}
