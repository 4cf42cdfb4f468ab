// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// The texts of policies, and where they are from.
public struct PolicySources: Sendable {
  /// By name, in the order in which they are read.
  public private(set) var texts: [(name: String, text: String)] = []

  public init() {}

  public init(_ texts: [(name: String, text: String)]) { self.texts = texts }

  /// Adds a file, or of a directory the files whose name ends in `.yaml` or `.yml`.
  ///
  /// - Parameter cases: whether a directory's files are cases, named `.test.yaml` or `.test.yml`, or else all but those.
  /// - Throws: ``PolicyProblem`` for what cannot be read.
  public mutating func add(path: String, cases: Bool = false) throws(PolicyProblem) {
    var facts = stat()
    guard stat(path, &facts) == 0 else {
      throw PolicyProblem("the file \(path) cannot be read: \(String(cString: strerror(errno)))", nil)
    }
    guard facts.st_mode & S_IFMT == S_IFDIR else { return try addFile(path) }
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: path) } catch {
      throw PolicyProblem("the directory \(path) cannot be read", nil)
    }
    for name in names.sorted() where !name.hasPrefix(".") && (name.hasSuffix(".yaml") || name.hasSuffix(".yml")) {
      guard (name.hasSuffix(".test.yaml") || name.hasSuffix(".test.yml")) == cases else { continue }
      try addFile(path + (path.hasSuffix("/") ? "" : "/") + name)
    }
  }

  /// Adds what others have read.
  public mutating func add(_ others: PolicySources) { texts += others.texts }

  private mutating func addFile(_ path: String) throws(PolicyProblem) {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else {
      throw PolicyProblem("the file \(path) cannot be read: \(String(cString: strerror(errno)))", nil)
    }
    defer { close(file) }
    // A device has no end: no more is read than a policy may have, and a byte.
    var bytes: [UInt8] = []
    while bytes.count <= PolicyFile.sizeLimit {
      let piece = [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
        count = max(read(file, buffer.baseAddress, buffer.count), 0)
      }
      if piece.isEmpty { break }
      bytes += piece
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw PolicyProblem("the file \(path) is not text in UTF-8", nil)
    }
    texts.append((path, text))
  }

  /// The policies of all texts.
  ///
  /// - Throws: ``PolicyProblem``: ``described(_:)`` shows its line.
  public func set() throws(PolicyProblem) -> PolicySet {
    var policies: [Policy] = []
    for (name, text) in texts { policies += try PolicyFile.read(text, name: name) }
    return try PolicySet(policies)
  }

  /// A problem, with the line that it is about.
  public func described(_ problem: PolicyProblem) -> String {
    problem.described(in: texts.first { $0.name == problem.place?.file }?.text ?? "")
  }
}
