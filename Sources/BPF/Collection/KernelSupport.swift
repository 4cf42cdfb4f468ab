// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFSystem
import BTF

/// What the loader has to know of the running kernel before it hands anything over.
///
/// A process that may not ask the kernel, such as one whose privilege is a ``BPFToken``, is answered by the version.
enum KernelSupport {
  private static func isAtLeast(_ major: Int, _ minor: Int) -> Bool {
    KernelVersion.current >= KernelVersion(major, minor)
  }

  /// Parameters of global functions are the context if they are tagged so (`__arg_ctx`).
  static var hasContextArguments: Bool { isAtLeast(6, 8) }

  /// bpf_get_attach_cookie().
  static var hasCookies: Bool { (try? Features.supports(.attachCookie)) ?? isAtLeast(5, 15) }

  /// One link for many uprobes.
  static var hasMultipleUprobes: Bool { (try? Features.supports(.uprobeMulti)) ?? isAtLeast(6, 6) }

  /// The address of a kernel function may be loaded; before, only that of a variable.
  ///
  /// Source: 58aa2afbb1e6, "bpf: Allow ld_imm64 instruction to point to kfunc".
  static var hasFunctionAddresses: Bool { isAtLeast(6, 4) }

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
