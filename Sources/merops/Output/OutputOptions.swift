// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BTF
import BTFCoding
import CommandSupport

/// How a verb prints what it found.
struct OutputOptions: ParsableArguments {
  @Flag(name: .long, help: "Print JSON, for programs to read.")
  var json = false

  /// Prints a report in the form that was asked for.
  func print(_ report: some Report) { Self.print(report, json: json) }

  static func print(_ report: some Report, json: Bool) {
    if json {
      var writer = JSONWriter()
      report.write(to: &writer)
      Output.line(writer.text)
    } else {
      Output.text(report.text)
    }
  }
}

/// Facts that can be printed for people and for programs.
protocol Report {
  /// For people; ends without a newline.
  var text: String { get }
  /// For programs: exactly one JSON value.
  func write(to json: inout JSONWriter)
}
