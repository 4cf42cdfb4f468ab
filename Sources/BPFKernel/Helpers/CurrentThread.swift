// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

/// The thread that runs while the program does: in an interrupt, whichever that happens to be.
@frozen public enum CurrentThread {
  /// The process (`tgid`), as the initial PID namespace numbers it.
  ///
  /// - Requires: Linux 4.2.
  public static var processID: UInt32 {
    @inline(__always) get { UInt32(truncatingIfNeeded: bpf_get_current_pid_tgid() >> 32) }
  }

  /// The thread (`pid`), as the initial PID namespace numbers it.
  ///
  /// - Requires: Linux 4.2.
  public static var threadID: UInt32 {
    @inline(__always) get { UInt32(truncatingIfNeeded: bpf_get_current_pid_tgid()) }
  }

  /// Both, in one call: the process in the upper 32 bits. A handy key.
  ///
  /// - Requires: Linux 4.2.
  public static var processAndThreadID: UInt64 { @inline(__always) get { bpf_get_current_pid_tgid() } }

  /// The real user, as the initial user namespace numbers it.
  ///
  /// - Requires: Linux 4.2.
  public static var userID: UInt32 { @inline(__always) get { UInt32(truncatingIfNeeded: bpf_get_current_uid_gid()) } }

  /// The real group.
  ///
  /// - Requires: Linux 4.2.
  public static var groupID: UInt32 {
    @inline(__always) get { UInt32(truncatingIfNeeded: bpf_get_current_uid_gid() >> 32) }
  }

  /// The cgroup (v2).
  ///
  /// - Requires: Linux 4.18.
  public static var cgroupID: UInt64 { @inline(__always) get { bpf_get_current_cgroup_id() } }

  /// The thread's name, up to 15 bytes.
  ///
  /// - Requires: Linux 4.2.
  public static var command: FixedString<16> {
    @inline(__always) get {
      var text = FixedString<16>()
      text.readCommand()
      return text
    }
  }

  /// The thread's `task_struct`, which is read through ``readKernel(_:at:)``.
  ///
  /// - Requires: Linux 4.8; a GPL-compatible license.
  public static var taskAddress: UnsafeRawPointer {
    @inline(__always) get { UnsafeRawPointer(bitPattern: UInt(bpf_get_current_task())).unsafelyUnwrapped }
  }

  /// The thread's `task_struct`, which the verifier lets be read directly.
  ///
  /// - Requires: Linux 5.11; a GPL-compatible license.
  public static var task: OpaquePointer { @inline(__always) get { bpf_get_current_task_btf() } }

  /// Sends a signal to the process; the system call under way still completes.
  ///
  /// - Requires: Linux 5.3.
  @inline(__always) @discardableResult
  public static func sendSignal(_ number: UInt32) -> Status { Status(rawValue: bpf_send_signal(number)) }
}

/// The number of the CPU that runs the program, from 0.
///
/// - Requires: Linux 4.1.
public var currentProcessor: UInt32 { @inline(__always) get { bpf_get_smp_processor_id() } }

/// A pseudo-random number, not fit for keys.
///
/// - Requires: Linux 4.1.
@inline(__always)
public func randomNumber() -> UInt32 { bpf_get_prandom_u32() }
