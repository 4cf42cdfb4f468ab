// SPDX-License-Identifier: Apache-2.0
import CBPF
package import SystemPackage

/// What the calling thread may do, as capability sets: bit N is capability N.
package enum ThreadPrivileges {
  package static func capabilities() throws(Errno) -> (effective: UInt64, permitted: UInt64, inheritable: UInt64) {
    var sets = cbpf_capabilities()
    try checked(cbpf_capget(&sets))
    return (sets.effective, sets.permitted, sets.inheritable)
  }

  /// - Throws: `EPERM` for a capability that is not permitted.
  package static func setCapabilities(
    effective: UInt64, permitted: UInt64, inheritable: UInt64
  ) throws(Errno) {
    try checked(cbpf_capset(effective, permitted, inheritable))
  }

  /// No program that this thread, or one that it starts later, becomes has more privileges than it.
  package static func forbidNewPrivileges() throws(Errno) { try checked(cbpf_no_new_privileges()) }
}
