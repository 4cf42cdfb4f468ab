// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import BTFCoding

/// `merops prog profile`
struct ProgramProfile: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile",
    abstract: "Measure how often programs run and how long they take.",
    discussion: """
      The kernel counts runs meanwhile, which costs two clock reads per run. Without names, merops shows every program \
      that ran.

      EXAMPLES
        merops prog profile --seconds 5
        merops prog profile on_execve --seconds 1 --json
      """)

  @Argument(help: "The ids, names or pinned paths of programs.") var programs: [ObjectName] = []
  @Option(help: "How many seconds to measure.") var seconds = Seconds(3)
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard seconds.value > 0 else { throw ValidationError("--seconds needs a number above 0") }
  }

  func run() throws {
    Interrupt.catchSignals()
    let chosen =
      try programs.isEmpty ? Program.ids().compactMap { try? Program(id: $0) } : programs.map { try $0.program() }
    let statistics = try Program.RunTimeStatistics()
    let before = try chosen.map { try $0.sample() }
    let start = ContinuousClock.now
    Interrupt.wait(seconds)
    let elapsed = start.duration(to: .now)
    var rows: [ProfileReport.Row] = []
    for (program, earlier) in zip(chosen, before) {
      let sample = try program.sample().since(earlier)
      guard sample.runCount > 0 || !programs.isEmpty else { continue }
      rows.append(ProfileReport.Row(id: try program.id(), name: program.name, sample: sample))
    }
    withExtendedLifetime(statistics) {}
    output.print(
      ProfileReport(rows: rows.sorted { $0.sample.runTime > $1.sample.runTime }, seconds: elapsed / .seconds(1)))
  }
}

struct ProfileReport: Report {
  struct Row {
    var id: UInt32
    var name: String
    var sample: Program.Sample
  }

  var rows: [Row]
  var seconds: Double

  var text: String {
    guard !rows.isEmpty else { return "no program ran" }
    var table = Table("ID", "NAME", "RUNS/S", "NS/RUN", "CPU %", "MISSED")
    for row in rows {
      table.row(
        "\(row.id)", row.name, rounded(Double(row.sample.runCount) / seconds),
        row.sample.nanosecondsPerRun.map { rounded($0) } ?? "-", rounded(Double(row.sample.runTime) / seconds / 1e7),
        "\(row.sample.recursionMisses)")
    }
    return table.text
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.key("seconds")
    json.float(seconds)
    json.key("programs")
    json.beginArray()
    for row in rows {
      json.beginObject()
      json.field("id", row.id)
      json.field("name", row.name)
      json.field("run_cnt", row.sample.runCount)
      json.field("run_time_ns", row.sample.runTime)
      json.field("recursion_misses", row.sample.recursionMisses)
      json.endObject()
    }
    json.endArray()
    json.endObject()
  }

  /// With one decimal.
  private func rounded(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
