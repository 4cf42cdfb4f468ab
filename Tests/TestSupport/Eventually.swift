// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Whether something comes true soon, for what the kernel does behind our back.
public func eventually(_ isTrue: () throws -> Bool) rethrows -> Bool {
  for _ in 0..<200 {
    if try isTrue() { return true }
    usleep(20_000)
  }
  return false
}
