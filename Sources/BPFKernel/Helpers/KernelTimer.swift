// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
public import CBPFKernel

/// A timer in a map value: a stored property of the value's type.
///
/// - Requires: Linux 5.15, in hash and array maps; 7.0 in programs of kprobes, uprobes, tracepoints, raw tracepoints
///   and perf events; a GPL-compatible license.
public typealias KernelTimer = bpf_timer

/// What a timer calls: with the map, the key and the value that it is in. The answer is 0.
public typealias TimerFunction =
  @convention(c) (_ map: UnsafeMutableRawPointer, _ key: UnsafeMutableRawPointer, _ value: UnsafeMutableRawPointer)
  -> Int32

extension KernelTimer {
  /// Prepares the timer, with the map that its value is in (`map.address`).
  ///
  /// - Parameter clock: 1 is monotonic, 0 the wall clock, 7 goes on while the machine sleeps.
  @inline(__always) @discardableResult
  public mutating func prepare(in map: UnsafeMutableRawPointer, clock: UInt64 = 1) -> Status {
    withUnsafeMutablePointer(to: &self) { Status(rawValue: bpf_timer_init($0, map, clock)) }
  }

  /// Sets the function that the timer calls, which may capture nothing.
  @inline(__always) @discardableResult
  public mutating func setFunction(_ function: TimerFunction) -> Status {
    withUnsafeMutablePointer(to: &self) { Status(rawValue: bpf_timer_set_callback($0, function)) }
  }

  /// Lets the timer expire after a number of nanoseconds.
  @inline(__always) @discardableResult
  public mutating func start(after nanoseconds: UInt64) -> Status {
    withUnsafeMutablePointer(to: &self) { Status(rawValue: bpf_timer_start($0, nanoseconds, 0)) }
  }

  /// Stops the timer, and waits for its function if that is running.
  @inline(__always) @discardableResult
  public mutating func cancel() -> Status {
    withUnsafeMutablePointer(to: &self) { Status(rawValue: bpf_timer_cancel($0)) }
  }
}
