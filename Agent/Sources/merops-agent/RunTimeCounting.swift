// SPDX-License-Identifier: Apache-2.0

import Glibc
import MeropsControl

/// Has the kernel count how long its programs run, for as long as this value lives (kernel.bpf_stats_enabled). It was counting
/// already, or this process is root. A process that is killed meanwhile leaves it on.
struct RunTimeCounting: ~Copyable {
  private static let path = "/proc/sys/kernel/bpf_stats_enabled"
  private let file: CInt
  private let wasOff: Bool

  init() throws(ControlError) {
    file = open(Self.path, O_RDWR | O_CLOEXEC)
    guard file >= 0 else {
      // The agent may have turned it on for itself: statistics: true.
      wasOff = false
      return
    }
    // One at a time: the one that turns it on is the one that turns it off.
    flock(file, LOCK_EX)
    var byte: UInt8 = 0
    wasOff = pread(file, &byte, 1, 0) == 1 && byte == UInt8(ascii: "0")
    if wasOff { write("1") }
  }

  deinit {
    if wasOff { write("0") }
    if file >= 0 { close(file) }
  }

  private borrowing func write(_ text: String) { _ = pwrite(file, text, text.utf8.count, 0) }
}
