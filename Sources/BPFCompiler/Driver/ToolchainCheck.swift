// SPDX-License-Identifier: Apache-2.0

/// Whether the compilers of a probe are ones that fit together.
enum ToolchainCheck {
  /// The Swift releases that the tests run with.
  static let tested = ["6.3"]

  /// A warning about a compiler that the tests do not cover; nil for one that they cover.
  ///
  /// - Parameter producer: what the compiler calls itself in debug information: `Swift version 6.3.1 (...)`.
  static func warning(producer: String?) -> String? {
    let number = producer.flatMap { text in
      text.range(ofText: "Swift version ").map { text[$0.upperBound...].prefix { $0.isNumber || $0 == "." } }
    }
    let release = number.map { $0.split(separator: ".").prefix(2).joined(separator: ".") }
    if let release, tested.contains(release) { return nil }
    let list = tested.joined(separator: " and ")
    return
      "warning: the probe is compiled by Swift \(number ?? "of an unknown version"), and Merops is tested with Swift "
      + "\(list): if the object does not do what the source says, use one of these"
  }

  /// - Throws: `CompileError` if the data of one compiler is not laid out as the other's.
  static func check(swift: String?, clang: String?) throws(CompileError) {
    guard let swift, let clang, swift == clang else {
      throw CompileError(
        "Swift lays out data for riscv64 as `\(swift ?? "nothing")`, and clang for BPF as `\(clang ?? "nothing")`: "
          + "offsets would differ. Use the clang of the same toolchain, Swift \(tested.joined(separator: " or "))")
    }
  }
}
