// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Options that may be repeated, each time for another name.
enum Repeated {
  /// Throws where one of the names comes twice: one of the two choices would be dropped without a word.
  static func check(_ option: String, _ names: some Sequence<some StringProtocol>) throws {
    var known: Set<String> = []
    for name in names where !known.insert(String(name)).inserted {
      throw ValidationError("\(option) is given twice\(name.isEmpty ? "" : " for \(name)")")
    }
  }

  /// The same for `NAME=VALUE`.
  static func check(_ option: String, assignments words: [String]) throws {
    try check(option, words.map { word in word.firstIndex(of: "=").map { word[..<$0] } ?? "" })
  }
}
