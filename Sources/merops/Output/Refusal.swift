// SPDX-License-Identifier: Apache-2.0

/// What was asked for cannot be done, where the command line itself is in order: status 1 and one sentence. A command
/// line that is wrong by itself is a `ValidationError`: status 64, with the usage.
struct Refusal: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
