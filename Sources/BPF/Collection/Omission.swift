// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension BPFCollection {
  /// Something that a load left out, because the kernel refused it or the object lacks it. What was loaded works without it.
  public struct Omission: Hashable, Sendable, CustomStringConvertible {
    public var part: Part
    /// Whose part it is: "program on_exec", "map counts", "object probe".
    public var owner: String
    /// Why, as a clause: "the kernel refused them: ...".
    public var reason: String

    /// What can be left out. An open set: later versions may add to it.
    public struct Part: RawRepresentable, Hashable, Sendable {
      public var rawValue: String

      public init(rawValue: String) { self.rawValue = rawValue }

      /// The object's type information (BTF): maps, functions and lines have none in the kernel.
      public static let types = Part(rawValue: "type information (BTF)")
      /// The types of a map's keys and values.
      public static let mapTypes = Part(rawValue: "types of keys and values")
      /// The names and types of a program's functions (func_info).
      public static let functionRecords = Part(rawValue: "function records (func_info)")
      /// The source lines of a program (line_info).
      public static let lineRecords = Part(rawValue: "line records (line_info)")
      /// A whole program.
      public static let program = Part(rawValue: "program")
    }

    init(_ part: Part, of owner: String, because reason: String) {
      self.part = part
      self.owner = owner
      self.reason = reason
    }

    public var description: String {
      part == .program ? "\(owner) is not loaded: \(reason)" : "\(owner) is loaded without \(part.rawValue): \(reason)"
    }
  }

  /// What the load left out; empty before the load.
  public var omissions: [Omission] { state.withLock { $0.loaded.omissions } }
}
