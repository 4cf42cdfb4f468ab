// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Which user a name or a number means.
enum UserNumber {
  /// - Returns: nil if the machine knows no such name.
  static func of(_ text: String) -> UInt32? { UInt32(text) ?? getpwnam(text)?.pointee.pw_uid }
}
