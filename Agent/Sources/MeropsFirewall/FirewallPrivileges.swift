// SPDX-License-Identifier: Apache-2.0
import BPF

/// What a thread has to be allowed to work with a ``Firewall`` once it is made.
public enum FirewallPrivileges {
  /// Takes from the calling thread everything but CAP_BPF and CAP_NET_ADMIN, as far as it has them.
  ///
  /// - Throws: `BPFError`
  public static func drop() throws {
    var now = try Capabilities.ofThread()
    now.permitted.formIntersection([.bpf, .networkAdmin])
    now.effective = now.permitted
    now.inheritable = []
    try now.apply()
    try Capabilities.forbidNewPrivileges()
  }
}
