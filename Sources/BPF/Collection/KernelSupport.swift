// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFSystem
import BTF

/// What the loader has to know of the running kernel before it hands anything over.
///
/// A kernel that is new enough is not asked, which saves the probe; an older one may have it backported. A process that may
/// not ask, as one whose privilege is a ``Token``, goes by the version.
enum KernelSupport {
  private static func isAtLeast(_ major: Int, _ minor: Int, or ability: Ability? = nil) -> Bool {
    if KernelRelease.current >= KernelRelease(major, minor) { return true }
    return ability.flatMap { try? Features.supports($0) } ?? false
  }

  /// bpf_probe_read_kernel() and bpf_probe_read_user(); before, bpf_probe_read() was for both.
  static var hasSplitProbeRead: Bool { isAtLeast(5, 5, or: .probeReadKernel) }

  /// Programs name what they expect to be attached to.
  static var hasExpectedAttachTypes: Bool { isAtLeast(4, 17) }

  /// Arrays of global variables can be mapped into memory.
  static var hasMappableArrays: Bool { isAtLeast(5, 5, or: .memoryMappedArrays) }

  /// Function and line records are taken with a program.
  static var hasFunctionRecords: Bool { isAtLeast(5, 0) || (try? Features.types())?.contains(.functions) == true }

  /// A map is kept alive by a program that does not use it.
  static var canBindMaps: Bool { isAtLeast(5, 10) }

  /// Parameters of global functions are the context if they are tagged so (`__arg_ctx`).
  static var hasContextArguments: Bool { isAtLeast(6, 8) }

  /// bpf_get_attach_cookie().
  static var hasCookies: Bool { (try? Features.supports(.attachCookie)) ?? isAtLeast(5, 15) }

  /// One link for many uprobes.
  static var hasMultipleUprobes: Bool { (try? Features.supports(.uprobeMulti)) ?? isAtLeast(6, 6) }

  /// The address of a map's value may be loaded with an offset of 1 GiB and more; older kernels refuse it in other words.
  static let hasLargeOffsets: Bool = {
    guard let map = try? BPFCall.createMap(MapCreate(type: 2, keySize: 4, valueSize: 1, maxEntries: 1)) else {
      return false
    }
    var log: KernelLog? = KernelLog(level: 1, capacity: 4096)
    let code = Instruction.loadMapValue(.r1, descriptor: map.rawValue, offset: 1 << 30) + [.exit]
    _ = try? BPFCall.loadProgram(ProgramLoad(type: 1), instructions: code.span.bytes, log: &log)
    return log?.text.contains("direct value offset of 1073741824 is not allowed") == false
      && log?.text.contains("invalid access to map value pointer") == true
  }()

  /// System calls take their arguments from a `struct pt_regs` (CONFIG_ARCH_HAS_SYSCALL_WRAPPER).
  static let hasSystemCallWrappers: Bool = {
    // As libbpf has it: on a kernel without kprobes the answer is no, whatever the symbol.
    guard (try? SystemFile.text("/sys/bus/event_source/devices/kprobe/type")) != nil else { return false }
    let name = "__\(architecturePrefix)_sys_bpf"
    return (try? KernelSymbols.find([name]))?[name] != nil
  }()

  private static var architecturePrefix: String {
    #if arch(x86_64)
      "x64"
    #elseif arch(arm64)
      "arm64"
    #elseif arch(s390x)
      "s390x"
    #elseif arch(riscv64)
      "riscv"
    #elseif arch(powerpc64le)
      "powerpc"
    #else
      "unknown"
    #endif
  }
}
