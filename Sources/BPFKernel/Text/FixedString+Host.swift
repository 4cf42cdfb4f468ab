// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

// In user space, where a shared struct arrives, there are strings. The kernel has none.
#if !hasFeature(Embedded)
  extension FixedString: CustomStringConvertible {
    /// The text up to the first zero byte, or all of it if it was cut; what is not UTF-8 is replaced.
    public var description: String {
      String(decoding: (0..<capacity).lazy.map { bytes[$0] }.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
#endif
