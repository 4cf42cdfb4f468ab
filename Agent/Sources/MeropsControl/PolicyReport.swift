// SPDX-License-Identifier: Apache-2.0

/// Which policies count in an agent.
public struct PolicyReport: Hashable, Sendable, Codable {
  /// Of the files that count; 0 before any was applied.
  public var version: UInt64
  /// Of the programs in the kernel: verdicts name it.
  public var generation: UInt32
  /// Whether they are enforced: not after `merops policy off`.
  public var isInForce: Bool
  /// The directory of cgroup v2 that policies are about.
  public var cgroup: String
  public var files: [File]
  /// The change that made them count; nil before any was applied.
  public var change: PolicyChange?
  /// The directory in a bpffs by which they stay in force when the agent ends; nil where they end with it.
  public var pins: String?
  /// Verdicts that the kernel's ring had no room for.
  public var lost: UInt64
  /// Processes whose program the kernel does not know: rules that deny count for them.
  public var unknownProcesses: UInt64

  public struct File: Hashable, Sendable, Codable {
    public var name: String
    public var text: String
    /// `audit` where it was applied so that all its rules only tell; `canary` where it is tried on a part of the processes.
    public var mode: String?
    /// That part.
    public var canary: PolicyCanary?
    /// The watched directory that it comes from; nil where it was applied.
    public var directory: String?
    public var policies: [Policy]

    public init(_ file: PolicyVersion.File, policies: [Policy]) {
      (name, text, mode, canary, directory) = (file.name, file.text, file.mode, file.canary, file.directory)
      self.policies = policies
    }
  }

  public struct Policy: Hashable, Sendable, Codable {
    public var name: String
    public var description: String
    public var rules: [Rule]

    public init(name: String, description: String, rules: [Rule]) {
      (self.name, self.description, self.rules) = (name, description, rules)
    }
  }

  public struct Rule: Hashable, Sendable, Codable {
    public var id: String
    public var acts: [String]
    public var action: String
    public var mode: String
    public var priority: Int
    /// How often it has decided, or told, since the newest change.
    public var applied: UInt64
    /// Where the kernel asks it, and how: `cgroup/connect4`, `lsm/file_open`, `fmod_ret/security_file_open`.
    public var places: [String]

    public init(
      id: String, acts: [String], action: String, mode: String, priority: Int, applied: UInt64, places: [String]
    ) {
      (self.id, self.acts, self.action, self.mode) = (id, acts, action, mode)
      (self.priority, self.applied, self.places) = (priority, applied, places)
    }
  }

  public init(
    version: UInt64, generation: UInt32, isInForce: Bool, cgroup: String, files: [File], change: PolicyChange?,
    pins: String?, lost: UInt64, unknownProcesses: UInt64
  ) {
    (self.change, self.pins) = (change, pins)
    (self.version, self.generation, self.cgroup, self.files) = (version, generation, cgroup, files)
    self.isInForce = isInForce
    (self.lost, self.unknownProcesses) = (lost, unknownProcesses)
  }
}

/// What a change of the policies has done.
public struct PolicyChange: Hashable, Sendable, Codable {
  public var version: UInt64
  /// Nanoseconds since 1970.
  public var time: UInt64
  /// Who asked for it: `uid 0, pid 4711, login alice`; the login is the audit session's, kept through sudo.
  public var author: String
  /// What was asked for: `apply web.yaml`.
  public var change: String
  public var policies: Int
  public var rules: Int
  /// SHA-256 of all files that count, in hexadecimal; nil for a version of an older agent.
  public var hash: String?
  /// When it rolls itself back unless it is confirmed, in nanoseconds since 1970; nil where it needs no confirmation.
  public var confirmBy: UInt64?

  public init(
    version: UInt64, time: UInt64, author: String, change: String, policies: Int, rules: Int, hash: String?,
    confirmBy: UInt64? = nil
  ) {
    (self.version, self.time, self.author) = (version, time, author)
    (self.change, self.policies, self.rules) = (change, policies, rules)
    (self.hash, self.confirmBy) = (hash, confirmBy)
  }
}

/// The files that counted in a version.
public struct PolicyVersion: Hashable, Sendable, Codable {
  public var change: PolicyChange
  public var files: [File]

  public struct File: Hashable, Sendable, Codable {
    public var name: String
    public var text: String
    /// The texts of the files that it has lists in, by their names.
    public var lists: [String: String]?
    /// `audit` where it was applied so that all its rules only tell; `canary` where it is tried on a part of the processes.
    public var mode: String?
    /// That part.
    public var canary: PolicyCanary?
    /// The watched directory that it comes from; nil where it was applied.
    public var directory: String?

    public init(
      name: String, text: String, lists: [String: String]? = nil, mode: String? = nil, canary: PolicyCanary? = nil,
      directory: String? = nil
    ) {
      (self.name, self.text, self.lists) = (name, text, lists)
      (self.mode, self.canary, self.directory) = (mode, canary, directory)
    }
  }

  /// Names what was last taken from the watched directory; nil before anything was.
  public var directory: String?

  public init(change: PolicyChange, files: [File], directory: String? = nil) {
    (self.change, self.files, self.directory) = (change, files, directory)
  }
}

/// The part of the processes that a file of policies is tried on: one of the two.
public struct PolicyCanary: Hashable, Sendable, Codable {
  /// Below the root of cgroup v2.
  public var cgroup: String?
  /// Of sessions, so many of a hundred.
  public var percent: Int?

  public init(cgroup: String) { self.cgroup = cgroup }
  public init(percent: Int) { self.percent = percent }
}

/// What a client sends of a file with lists: a body of JSON. Without lists it is the text alone.
public struct PolicyUpload: Hashable, Sendable, Codable {
  public var text: String
  public var lists: [String: String]

  public init(text: String, lists: [String: String]) { (self.text, self.lists) = (text, lists) }
}

/// A file of policies that shall count.
public struct PolicyApplication: Hashable, Sendable {
  public var file: PolicyVersion.File
  /// Nanoseconds after which it rolls itself back unless it is confirmed; nil where it needs no confirmation.
  public var confirmWithin: UInt64?

  public init(_ file: PolicyVersion.File, confirmWithin: UInt64? = nil) {
    (self.file, self.confirmWithin) = (file, confirmWithin)
  }
}
