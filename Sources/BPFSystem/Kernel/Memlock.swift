public import BPFValues
// SPDX-License-Identifier: Apache-2.0
import CBPF
public import SystemPackage

/// The limit on locked memory, which kernels before 5.11 charge maps and programs to.
public enum Memlock {
  /// Lifts the limit where the kernel still uses it. Does nothing on 5.11 and later, where cgroups account for memory.
  ///
  /// - Throws: `EPERM` without CAP_SYS_RESOURCE.
  public static func raise(on kernel: KernelVersion = .current) throws(Errno) {
    guard kernel < KernelVersion(5, 11) else { return }
    try checked(cbpf_lift_memlock_limit())
  }

  /// The limit now, in bytes; `UInt64.max` for none.
  public static var current: UInt64 { cbpf_memlock_limit() }
}
