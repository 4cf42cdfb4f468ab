// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BTF
import BTFCoding

/// How a verb prints what it found.
struct OutputOptions: ParsableArguments {
  @Flag(name: .long, help: "Print JSON, for programs to read.")
  var json = false

  /// Prints a report in the form that was asked for.
  func print(_ report: some Report) {
    guard json else { return Output.text(report.text) }
    var writer = JSONWriter()
    report.write(to: &writer)
    Output.line(writer.text)
  }
}

/// Whether a list names the processes that hold what it lists.
struct HolderOptions: ParsableArguments {
  @Flag(
    name: .shortAndLong,
    help: "Name the processes that hold each: merops then goes through all descriptors in /proc.")
  var processes = false

  /// The holders; nil where they were not asked for.
  var owners: Owners? { processes ? Owners() : nil }
}

/// Facts that can be printed for people and for programs.
protocol Report {
  /// For people; ends without a newline.
  var text: String { get }
  /// For programs: exactly one JSON value.
  func write(to json: inout JSONWriter)
}

extension Sequence<String> {
  /// One line for each, whatever the names in them hold.
  var lines: String { map(\.visible).joined(separator: "\n") }
}
