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
  /// Verdicts that the kernel's ring had no room for.
  public var lost: UInt64
  /// Processes whose program the kernel does not know: rules that deny count for them.
  public var unknownProcesses: UInt64

  public struct File: Hashable, Sendable, Codable {
    public var name: String
    public var text: String
    public var policies: [Policy]

    public init(name: String, text: String, policies: [Policy]) {
      (self.name, self.text, self.policies) = (name, text, policies)
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

    public init(id: String, acts: [String], action: String, mode: String, priority: Int, applied: UInt64) {
      (self.id, self.acts, self.action, self.mode) = (id, acts, action, mode)
      (self.priority, self.applied) = (priority, applied)
    }
  }

  public init(
    version: UInt64, generation: UInt32, isInForce: Bool, cgroup: String, files: [File], lost: UInt64,
    unknownProcesses: UInt64
  ) {
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
  /// Who asked for it: `uid 0, pid 4711`.
  public var author: String
  /// What was asked for: `apply web.yaml`.
  public var change: String
  public var policies: Int
  public var rules: Int

  public init(version: UInt64, time: UInt64, author: String, change: String, policies: Int, rules: Int) {
    (self.version, self.time, self.author) = (version, time, author)
    (self.change, self.policies, self.rules) = (change, policies, rules)
  }
}

/// An act that a rule denied, or told.
public struct PolicyDecision: Hashable, Sendable, Codable {
  /// Nanoseconds since 1970.
  public var time: UInt64
  /// `deny`; `audit` where it was told alone.
  public var verdict: String
  /// `policy/rule`.
  public var rule: String
  public var message: String?
  public var generation: UInt32
  public var hook: String
  public var pid: UInt32
  /// The thread's name.
  public var command: String
  /// The program's path, where the agent knows it.
  public var executable: String?
  public var address: String
  public var port: UInt16
  public var transport: String
  /// A field that the rule asks for was not known.
  public var isUncertain: Bool

  public init(
    time: UInt64, verdict: String, rule: String, message: String?, generation: UInt32, hook: String, pid: UInt32,
    command: String, executable: String?, address: String, port: UInt16, transport: String, isUncertain: Bool
  ) {
    (self.time, self.verdict, self.rule, self.message) = (time, verdict, rule, message)
    (self.generation, self.hook, self.pid, self.command) = (generation, hook, pid, command)
    (self.executable, self.address, self.port) = (executable, address, port)
    (self.transport, self.isUncertain) = (transport, isUncertain)
  }
}
