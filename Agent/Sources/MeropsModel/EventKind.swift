// SPDX-License-Identifier: Apache-2.0

/// What happened. The name is stable: files, queries and policies use it.
public enum EventKind: UInt8, CaseIterable, Sendable {
  case processFork = 1
  case processExec = 2
  case processExit = 3

  /// The name in output, queries and policies: `process.exec`.
  public var name: String {
    switch self {
    case .processFork: "process.fork"
    case .processExec: "process.exec"
    case .processExit: "process.exit"
    }
  }

  /// The same as bytes.
  public var nameBytes: [UInt8] { Self.allNames[Int(rawValue)] }

  private static let allNames: [[UInt8]] = (0...255).map { Self(rawValue: UInt8($0)).map { Array($0.name.utf8) } ?? [] }

  /// One sentence for the event reference.
  public var summary: String {
    switch self {
    case .processFork: "A process was created; threads are not reported."
    case .processExec: "A process replaced its program."
    case .processExit: "A process ended: the last of its threads."
    }
  }

  /// The kind of a name.
  public init?(name: some StringProtocol) {
    guard let kind = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = kind
  }
}
