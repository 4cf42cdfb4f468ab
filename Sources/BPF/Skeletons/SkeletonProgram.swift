// SPDX-License-Identifier: Apache-2.0

/// A program of a skeleton, with the attachments that its type has.
///
/// `Kind` is one of ``ProgramKinds``. ``attach()`` is there when the program's section names where it attaches, and
/// ``attach(to:)`` accepts the places that the program's type has.
public struct SkeletonProgram<Kind: ProgramKinds.Kind>: Sendable {
  private let collection: BPFCollection
  /// The program's name, as in the object.
  public let name: String

  public init(_ collection: BPFCollection, _ name: String) {
    self.collection = collection
    self.name = name
  }

  /// The loaded program: to run it, to put it into a program array, to look at it.
  ///
  /// - Throws: `notFound` for a program that was not loaded.
  public func program() throws(BPFError) -> Program {
    guard collection.isLoaded, collection.programs[name] == nil else { return try collection.program(name) }
    throw BPFError(
      .notFound, "using program \(name)", detail: "it was not loaded with its object",
      hint: "choose it with setAutoload(true, of: \"\(name)\") on the opened skeleton's collection")
  }
}

extension SkeletonProgram {
  /// Attaches the program. Keep the link: when it goes out of scope, the program is detached.
  public func attach(to target: AttachTarget<Kind.Target>) throws(BPFError) -> Link {
    try program().attach(to: target.hook)
  }
}

extension SkeletonProgram where Kind: ProgramKinds.SelfAttaching {
  /// Attaches the program where its section names. Keep the link: when it goes out of scope, the program is detached.
  public func attach() throws(BPFError) -> Link { try program().attach() }
}

/// A struct_ops map of a skeleton.
public struct SkeletonOperations: Sendable {
  private let collection: BPFCollection
  /// The map's name, as in the object.
  public let name: String

  public init(_ collection: BPFCollection, _ name: String) {
    self.collection = collection
    self.name = name
  }

  /// Registers the operations. Keep the link: when it goes out of scope, they are taken out.
  ///
  /// - Requires: Linux 6.4 for maps of a `.struct_ops.link` section
  public func register() throws(BPFError) -> Link { try collection.registerStructOps(name) }
}
