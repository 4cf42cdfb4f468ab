// SPDX-License-Identifier: Apache-2.0

import BPFSystem

/// A set of Linux capabilities (capabilities(7)), as far as programs for eBPF need to name them.
///
/// Loading and attaching need more than what follows. A program that only reads maps and rings from some moment on gives up
/// the rest, so that a fault in it gives away less:
///
///     var now = try Capabilities.ofThread()
///     now.permitted.formIntersection([.ptrace])
///     now.effective = now.permitted
///     try now.apply()
///     try Capabilities.forbidNewPrivileges()
///
/// Links, maps and programs stay as they are. Before Linux 5.19, most systems ask for ``bpf`` even to read a map
/// (kernel.unprivileged_bpf_disabled).
public struct Capabilities: OptionSet, Hashable, Sendable {
  /// Bit N is capability N of include/uapi/linux/capability.h.
  public var rawValue: UInt64

  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The set of one capability, by its number.
  public init(number: Int) { rawValue = 1 << UInt64(number) }

  /// CAP_DAC_OVERRIDE: files, whatever their permissions.
  public static let fileOverride = Capabilities(number: 1)
  /// CAP_DAC_READ_SEARCH: reading files and directories, whatever their permissions.
  public static let fileRead = Capabilities(number: 2)
  /// CAP_NET_ADMIN: attaching to the network.
  public static let networkAdmin = Capabilities(number: 12)
  /// CAP_SYS_PTRACE: reading other processes' memory, and links and files in /proc.
  public static let ptrace = Capabilities(number: 19)
  /// CAP_SYS_ADMIN.
  public static let systemAdmin = Capabilities(number: 21)
  /// CAP_PERFMON: loading and attaching tracing programs.
  ///
  /// - Requires: Linux 5.8
  public static let performanceMonitor = Capabilities(number: 38)
  /// CAP_BPF: bpf(2).
  ///
  /// - Requires: Linux 5.8
  public static let bpf = Capabilities(number: 39)
}

extension Capabilities {
  /// The capabilities of one thread.
  public struct OfThread: Hashable, Sendable {
    /// What counts when the thread asks for something.
    public var effective: Capabilities
    /// What it may make effective. What is taken out here is gone for good.
    public var permitted: Capabilities
    /// What programs that it becomes may be given.
    public var inheritable: Capabilities

    /// Makes them those of the calling thread, and of threads that it starts from then on. Other threads keep theirs: do it
    /// before there are any.
    ///
    /// - Throws: ``BPFError`` with ``BPFError/Code/permission`` for one that is not permitted to the thread.
    public func apply() throws(BPFError) {
      do {
        try ThreadPrivileges.setCapabilities(
          effective: effective.rawValue, permitted: permitted.rawValue, inheritable: inheritable.rawValue)
      } catch {
        throw BPFError("changing the thread's capabilities", errno: error)
      }
    }
  }

  /// Those of the calling thread.
  public static func ofThread() throws(BPFError) -> OfThread {
    do {
      let (effective, permitted, inheritable) = try ThreadPrivileges.capabilities()
      return OfThread(
        effective: Capabilities(rawValue: effective), permitted: Capabilities(rawValue: permitted),
        inheritable: Capabilities(rawValue: inheritable))
    } catch {
      throw BPFError("reading the thread's capabilities", errno: error)
    }
  }

  /// Has no program that the thread becomes, or that a thread which it starts becomes, get more privileges than it has: not by
  /// a set-user-ID file, and not by being root's.
  ///
  /// - Requires: Linux 3.5
  public static func forbidNewPrivileges() throws(BPFError) {
    do { try ThreadPrivileges.forbidNewPrivileges() } catch {
      throw BPFError("forbidding new privileges", errno: error)
    }
  }
}
