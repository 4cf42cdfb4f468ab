// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

/// What the function of ``repeatUp(to:state:_:)`` and of map walks answers.
@frozen public enum LoopControl {
  /// On to the next round.
  public static var next: Int { @inline(__always) get { 0 } }
  /// No further round.
  public static var stop: Int { @inline(__always) get { 1 } }
}

/// Calls a function up to `count` times (at most 8388608), which the verifier checks once, not once for each round. The
/// function gets the round from 0 and `state`, and answers ``LoopControl/next`` or ``LoopControl/stop``. It may capture
/// nothing.
///
///     var sum: UInt64 = 0
///     repeatUp(to: 1000, state: &sum) { round, state in
///       state.unsafelyUnwrapped.assumingMemoryBound(to: UInt64.self).pointee &+= round
///       return LoopControl.next
///     }
///
/// Where the bound is small and constant, an ordinary `for` loop does, from Linux 5.3 on.
///
/// - Returns: rounds made.
/// - Requires: Linux 5.17.
@inline(__always) @discardableResult
public func repeatUp<State: BitwiseCopyable>(
  to count: UInt32, state: inout State,
  _ body: @convention(c) (_ round: UInt64, _ state: UnsafeMutableRawPointer?) -> Int
) -> Status {
  withUnsafeMutablePointer(to: &state) { Status(rawValue: bpf_loop(count, body, $0, 0)) }
}

/// Calls `body` for each number of a range whose ends need not be known when the program is loaded, until it answers
/// false. The verifier follows the loop until nothing new happens, so `body` may be a closure with captures.
///
/// - Requires: Linux 6.4; a GPL-compatible license.
@inline(__always)
public func forEach(from start: Int32, to end: Int32, _ body: (Int32) -> Bool) {
  withUnsafeTemporaryAllocation(of: bpf_iter_num.self, capacity: 1) { buffer in
    let iterator = buffer.baseAddress.unsafelyUnwrapped
    _ = kfunc_bpf_iter_num_new(iterator, start, end)
    while let number = kfunc_bpf_iter_num_next(iterator) {
      if !body(number.pointee) { break }
    }
    kfunc_bpf_iter_num_destroy(iterator)
  }
}
