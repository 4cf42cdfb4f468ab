// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// A time on the command line: 0 to a year, in seconds.
struct Seconds: ExpressibleByArgument, CustomStringConvertible {
  var value: Double

  init(_ value: Double) { self.value = value }

  init?(argument: String) {
    guard let value = Double(argument), 0...31_536_000 ~= value else { return nil }
    self.value = value
  }

  var duration: Duration { .seconds(value) }
  var description: String { "\(value)" }
}
