package import BPFValues
// SPDX-License-Identifier: Apache-2.0
import CBPF
package import SystemPackage

/// The limit on locked memory, which kernels before 5.11 charge maps and programs to.
package enum Memlock {
  /// Lifts the limit where the kernel still uses it. Does nothing on 5.11 and later, where cgroups account for memory.
  ///
  /// - Throws: `EPERM` without CAP_SYS_RESOURCE.
  package static func raise(on kernel: KernelVersion = .current) throws(Errno) {
    guard kernel < KernelVersion(5, 11) else { return }
    try checked(cbpf_lift_memlock_limit())
  }

  /// The limit now, in bytes; `UInt64.max` for none.
  package static var current: UInt64 { cbpf_memlock_limit() }
}
