// SPDX-License-Identifier: Apache-2.0

/// Kernel programs in Swift: those of `bpf/`, among them the examples', compiled while the package builds.
package enum SwiftCorpus {
  /// Names, sorted, with the object's bytes.
  package static let all: [(name: String, bytes: @Sendable () -> [UInt8])] = Objects.all

  package static subscript(_ name: String) -> [UInt8]? { all.first { $0.name == name }?.bytes() }
}
