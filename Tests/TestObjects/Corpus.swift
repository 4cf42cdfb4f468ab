// SPDX-License-Identifier: Apache-2.0

/// The corpus: every kernel program under `bpf/`, compiled, with the name of its source file.
///
/// One of them by name is `Objects.tracepoint` (from `bpf/tracepoint.bpf.c`), an array of bytes.
package enum Corpus {
  package struct Entry: Sendable, CustomStringConvertible {
    package let name: String
    private let load: @Sendable () -> [UInt8]
    package var bytes: [UInt8] { load() }
    package var description: String { name }

    fileprivate init(name: String, load: @escaping @Sendable () -> [UInt8]) {
      (self.name, self.load) = (name, load)
    }
  }

  /// Sorted by name.
  package static let all: [Entry] = Objects.all.map { Entry(name: $0.name, load: $0.bytes) }

  package static subscript(_ name: String) -> [UInt8]? { all.first { $0.name == name }?.bytes }
}
