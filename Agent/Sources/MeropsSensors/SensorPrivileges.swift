// SPDX-License-Identifier: Apache-2.0
import BPF

/// What a thread has to be allowed to make ``Sensors``, and to work with them after they are attached.
public enum SensorPrivileges {
  /// What the calling thread lacks to load and attach sensors, by name; empty where it lacks nothing. In a user namespace the
  /// kernel may refuse nevertheless.
  public static func missing() throws -> [String] {
    let now = try Capabilities.ofThread().effective
    // What CAP_BPF and CAP_PERFMON allow, CAP_SYS_ADMIN does, too.
    if now.contains(.systemAdmin) { return [] }
    return [(Capabilities.bpf, "CAP_BPF"), (.performanceMonitor, "CAP_PERFMON")].filter { !now.contains($0.0) }.map(\.1)
  }

  /// Takes from the calling thread, and from those that it starts later, what only loading and attaching need.
  ///
  /// What stays, as far as the thread has it: reading about other processes in /proc (CAP_SYS_PTRACE), reading and writing
  /// files of others (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE), and CAP_BPF where the kernel asks for it even to read a map:
  /// before Linux 5.19, unless kernel.unprivileged_bpf_disabled is 0. No program that the thread becomes gets more.
  ///
  /// - Throws: `BPFError`
  public static func drop() throws {
    let map = try? Map<UInt32, UInt32>(creating: .array, maxEntries: 1)
    var now = try Capabilities.ofThread()
    now.permitted.formIntersection([.ptrace, .fileRead, .fileOverride, .bpf])
    now.effective = now.permitted.subtracting(.bpf)
    now.inheritable = []
    try now.apply()
    // Asking the kernel is surer than its version.
    if let map, (try? map.get(0)) == nil {
      now.effective = now.permitted
    } else {
      now.permitted = now.effective
    }
    try now.apply()
    try Capabilities.forbidNewPrivileges()
  }
}
