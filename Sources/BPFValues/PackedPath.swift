// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

// The kernel has no strings.
#if !hasFeature(Embedded)
  /// A path as probes pack it: its names leaf first, each with a zero byte behind it.
  ///
  ///     PackedPath(record.tail).description       // "/usr/bin/true" of "true\0bin\0usr\0"
  public struct PackedPath: Hashable, Sendable, CustomStringConvertible {
    /// The names, from the root to the leaf. What is not UTF-8 is replaced.
    public var names: [String]

    /// Reads the names out of a record. A name without a zero byte behind it was cut.
    public init(_ bytes: some Sequence<UInt8>) {
      let parts = Array(bytes).split(separator: 0, omittingEmptySubsequences: true)
      // The root of what is mounted nowhere is called "/".
      names = parts.reversed().map { String(decoding: $0, as: UTF8.self) }.filter { $0 != "/" }
    }

    /// The path, from the root.
    public var description: String { "/" + names.joined(separator: "/") }
  }
#endif
