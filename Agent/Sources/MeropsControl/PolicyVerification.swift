// SPDX-License-Identifier: Apache-2.0

/// Files that are asked about, and do not count.
public struct PolicyQuestion: Hashable, Sendable, Codable {
  public var files: [PolicyVersion.File]

  public init(files: [PolicyVersion.File]) { self.files = files }
}

/// What the kernel's verifier says of policies that do not count.
public struct PolicyVerification: Hashable, Sendable, Codable {
  public var hooks: [Hook]

  /// The programs of a hook.
  public struct Hook: Hashable, Sendable, Codable {
    /// As plans name it.
    public var name: String
    /// Where the kernel asks, and how: `lsm/file_open`.
    public var place: String
    public var rules: Int
    public var instructions: Int
    /// How many instructions the verifier went through; nil where the kernel does not say it (before 5.16).
    public var verifiedInstructions: Int?
    /// Kernel memory of the programs and of the maps that they have for themselves, in bytes.
    public var memory: Int
    /// How long loading took, in milliseconds: the verifier, and the maps.
    public var milliseconds: Double

    public init(
      name: String, place: String, rules: Int, instructions: Int, verifiedInstructions: Int?, memory: Int,
      milliseconds: Double
    ) {
      (self.name, self.place, self.rules) = (name, place, rules)
      (self.instructions, self.verifiedInstructions) = (instructions, verifiedInstructions)
      (self.memory, self.milliseconds) = (memory, milliseconds)
    }
  }

  public init(hooks: [Hook]) { self.hooks = hooks }
}
