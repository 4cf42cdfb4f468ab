// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// The texts of policies, and where they are from.
public struct PolicySources: Sendable {
  /// By name, in the order in which they are read.
  public private(set) var texts: [(name: String, text: String)] = []

  /// The texts of files that lists are in: by the name of the text that uses them, and then by their own.
  public private(set) var lists: [String: [String: String]] = [:]
  /// How policies count that do not count as they say, by the name of their text.
  public private(set) var treatments: [String: Treatment] = [:]

  public enum Treatment: Hashable, Sendable {
    /// Their rules only tell.
    case audit
    /// They are tried on a part of the processes.
    case canary(Canary)

    /// - Returns: nil where they count as they say.
    public init?(mode: String?, cgroup: String?, percent: Int?) {
      if let cgroup {
        self = .canary(.cgroup(cgroup))
      } else if let percent {
        self = .canary(.percent(percent))
      } else {
        guard mode == Mode.audit.rawValue else { return nil }
        self = .audit
      }
    }
  }

  public init() {}

  public init(_ texts: [(name: String, text: String)]) { self.texts = texts }

  /// Adds a text.
  ///
  /// - Parameter lists: the texts of the files that it has lists in.
  public mutating func add(
    name: String, text: String, lists: [String: String] = [:], treatment: Treatment? = nil
  ) {
    texts.append((name, text))
    self.lists[name] = lists.isEmpty ? nil : lists
    treatments[name] = treatment
  }

  /// Adds a file with the lists that it names, or of a directory the files whose name ends in `.yaml` or `.yml`.
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
    for name in names.sorted() where Self.isPolicyFile(name, cases: cases) {
      try addFile(path + (path.hasSuffix("/") ? "" : "/") + name)
    }
  }

  /// Whether a file of a directory is one of policies, or of cases: by its name, which is not hidden.
  public static func isPolicyFile(_ name: String, cases: Bool = false) -> Bool {
    guard !name.hasPrefix("."), name.hasSuffix(".yaml") || name.hasSuffix(".yml") else { return false }
    return (name.hasSuffix(".test.yaml") || name.hasSuffix(".test.yml")) == cases
  }

  /// Adds what others have read.
  public mutating func add(_ others: PolicySources) {
    for (name, text) in others.texts {
      add(name: name, text: text, lists: others.lists[name] ?? [:], treatment: others.treatments[name])
    }
  }

  /// Those whose name is not one of some.
  public func without(_ names: Set<String>) -> PolicySources {
    var result = self
    result.texts.removeAll { names.contains($0.name) }
    return result
  }

  private mutating func addFile(_ path: String) throws(PolicyProblem) {
    let text = try Self.text(path, limit: PolicyFile.sizeLimit)
    let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? ""
    var lists: [String: String] = [:]
    for name in ListFile.names(in: text) { lists[name] = try Self.text(folder + name, limit: ListFile.sizeLimit) }
    add(name: path, text: text, lists: lists)
  }

  private static func text(_ path: String, limit: Int) throws(PolicyProblem) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else {
      throw PolicyProblem("the file \(path) cannot be read: \(String(cString: strerror(errno)))", nil)
    }
    defer { close(file) }
    // A device has no end: no more is read than a policy may have, and a byte.
    var bytes: [UInt8] = []
    while bytes.count <= limit {
      let piece = [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
        count = max(read(file, buffer.baseAddress, buffer.count), 0)
      }
      if piece.isEmpty { break }
      bytes += piece
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw PolicyProblem("the file \(path) is not text in UTF-8", nil)
    }
    guard bytes.count <= limit else { throw PolicyProblem("the file \(path) is longer than \(limit) bytes", nil) }
    return text
  }

  /// The policies of all texts.
  ///
  /// - Throws: ``PolicyProblem``: ``described(_:)`` shows its line.
  public func set() throws(PolicyProblem) -> PolicySet {
    try PolicySet(try PolicyFile.read(self))
  }

  /// A problem, with the line that it is about.
  public func described(_ problem: PolicyProblem) -> String {
    problem.described(in: texts.first { $0.name == problem.place?.file }?.text ?? "")
  }
}
