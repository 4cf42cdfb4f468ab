// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Whether something comes true, for what the kernel does behind our back: within a minute, which only a failure takes,
/// or 200 rounds where one takes long.
public func eventually(_ isTrue: () throws -> Bool) rethrows -> Bool {
  let end = ContinuousClock.now + .seconds(60)
  for round in 1... {
    if try isTrue() { return true }
    if round >= 200, ContinuousClock.now > end { break }
    usleep(20_000)
  }
  return false
}
