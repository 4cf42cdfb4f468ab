// SPDX-License-Identifier: Apache-2.0

import BTF
import BTFText

/// The kernel's names where Swift has its own use for them.
enum SwiftWord {
  /// The name, in backticks if it is a word of the language.
  static func escaped(_ name: String) -> String {
    SwiftNames.meaningful.contains(name) ? "`\(name)`" : SwiftNames.escaped(name)
  }

  /// The name of a property: with an underscore behind it if not even backticks help, or if the view has one of its own.
  static func property(_ name: String, besides own: Set<String>) -> String {
    SwiftNames.meaningful.contains(name) || own.contains(name) ? name + "_" : name
  }
}
