// SPDX-License-Identifier: Apache-2.0

/// A part of the processes, on which a policy is tried before it is enforced on all.
public enum Canary: Hashable, Sendable {
  /// Those in a cgroup, or below.
  case cgroup(String)
  /// Those of some sessions (setsid(2)), so many of a hundred.
  ///
  /// A process and all that it starts belong to one session until one begins its own: a login, a service, a container. Whether a
  /// session is among them depends on its number alone, so it stays so; and who is among ten percent is among twenty.
  case percent(Int)

  /// Whether a session is among so many percent.
  ///
  /// - Parameter session: the process id of its leader, in the machine's own PID namespace.
  public static func contains(session: UInt32, percent: Int) -> Bool {
    // Multiples of the golden ratio spread numbers that follow each other evenly.
    UInt64(session &* factor) < threshold(percent)
  }

  static let factor: UInt32 = 0x9e37_79b1

  static func threshold(_ percent: Int) -> UInt64 { UInt64(percent) << 32 / 100 }
}

extension Canary: CustomStringConvertible {
  public var description: String {
    switch self {
    case .cgroup(let path): "in cgroup \(path)"
    case .percent(let percent): "in \(percent) % of sessions"
    }
  }
}

extension Rule {
  /// What a rule that is tried is about: the canary's processes, or all others.
  public struct CanaryPart: Hashable, Sendable {
    public var canary: Canary
    /// Then the rule only tells.
    public var isOutside = false
  }

  /// The rule itself. A rule that is tried becomes two: one is enforced on the canary, the other one only tells, of all
  /// other processes.
  var parts: [Rule] {
    guard canary != nil else { return [self] }
    var outside = self
    outside.mode = .audit
    outside.canary?.isOutside = true
    return [self, outside]
  }
}
