// SPDX-License-Identifier: Apache-2.0
import CBPF
import Glibc
package import SystemPackage

/// Waits for one descriptor.
package enum Poll {
  /// Waits until the descriptor can be read or the time is over. Signals do not end the wait.
  ///
  /// - Parameters:
  ///   - timeout: nanoseconds; zero asks and returns, nil waits for ever.
  /// - Returns: whether it can be read.
  package static func readable(_ fd: CInt, timeout: Int64?) throws(Errno) -> Bool {
    guard let timeout else {
      while true {
        let result = cbpf_poll(fd, Int16(POLLIN), -1)
        if result != -Int(EINTR) { return try checked(result) != 0 }
      }
    }
    let end = KernelClock.monotonic() &+ UInt64(max(timeout, 0))
    var rest = max(timeout, 0)
    while true {
      let result = cbpf_poll(fd, Int16(POLLIN), rest)
      if result != -Int(EINTR) { return try checked(result) != 0 }
      rest = max(Int64(bitPattern: end &- KernelClock.monotonic()), 0)
    }
  }
}

extension Duration {
  /// Whole nanoseconds, at most what an `Int64` holds, at least zero.
  package var clampedNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    if seconds < 0 { return 0 }
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return .max }
    let (sum, carry) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
    return carry ? .max : max(sum, 0)
  }
}
