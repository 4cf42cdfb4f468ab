// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Whether something comes true, for what the kernel does behind our back: within a minute, which only a failure takes.
public func eventually(_ isTrue: () throws -> Bool) rethrows -> Bool {
  for _ in 0..<3000 {
    if try isTrue() { return true }
    usleep(20_000)
  }
  return false
}
