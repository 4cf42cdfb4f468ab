// SPDX-License-Identifier: Apache-2.0

import BTF
import BTFText

/// Names of one type's properties: Swift's form of the object's, unique.
struct MemberNames {
  private var names: SwiftNames
  private var reserved: Set<String>

  init(reserving names: Set<String>) {
    reserved = names
    self.names = SwiftNames(separator: "_")
  }

  /// A property's name, escaped where it is a word of the language.
  ///
  /// - Parameter suffix: what is added to names that mean something else already.
  mutating func claim(_ name: String, suffix: String) -> String {
    let member = SwiftStyle.memberName(name)
    return names.claim(reserved.contains(member) ? member + suffix : member)
  }
}
