// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// The code that the start has run: most of it is never needed again.
enum StartPages {
  /// Takes code out of resident memory. The kernel maps what is needed again from its page cache.
  static func giveBack() {
    let maps = String(decoding: FileManager.default.contents(atPath: "/proc/self/maps") ?? Data(), as: UTF8.self)
    for line in maps.split(separator: "\n") {
      // Nobody has written to code. What can only be read may have been relocated, and is no longer what the file has.
      let words = line.split(separator: " ", omittingEmptySubsequences: true)
      guard words.count > 5, words[1] == "r-xp", words[5].hasPrefix("/") else { continue }
      let ends = words[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
      guard ends.count == 2 else { continue }
      _ = madvise(UnsafeMutableRawPointer(bitPattern: ends[0]), Int(ends[1] - ends[0]), MADV_DONTNEED)
    }
  }
}
