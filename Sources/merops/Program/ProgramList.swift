// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import BTFCoding

/// `merops prog list`
struct ProgramList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the programs in the kernel.",
    discussion: """
      Needs CAP_SYS_ADMIN.

      EXAMPLES
        merops prog list
        merops prog list --processes
        merops prog list --json | jq '.[] | select(.type == "xdp")'
      """)

  @OptionGroup var output: OutputOptions
  @OptionGroup var holders: HolderOptions

  func run() throws {
    var programs: [ProgramFacts] = []
    try Program.forEach { program, info in
      programs.append(
        ProgramFacts(
          info: info, name: program.name, memory: output.json ? try? program.memory() : nil))
    }
    output.print(ProgramListReport(programs: programs, owners: holders.owners))
  }
}

/// `merops prog show`
struct ProgramShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show everything that the kernel reports about one program.",
    discussion: """
      EXAMPLES
        merops prog show 42
        merops prog show on_execve
        merops prog show /sys/fs/bpf/probe/on_execve
      """)

  @Argument(help: "Its id, name or pinned path.") var program: ObjectName
  @OptionGroup var output: OutputOptions

  func run() throws {
    let program = try program.program()
    let info = try program.info()
    let facts = ProgramFacts(info: info, name: program.name, memory: try? program.memory())
    output.print(ProgramReport(facts: facts, owners: Owners()))
  }
}

/// What is known of one program.
struct ProgramFacts {
  var info: ProgramInfo
  /// In full.
  var name: String
  var memory: Int?
}

struct ProgramListReport: Report {
  var programs: [ProgramFacts]
  var owners: Owners?

  var text: String {
    var table = Table("ID", "TYPE", "NAME", "TAG", "CODE", "MAPS", "RUNS", owners == nil ? "" : "PROCESSES")
    for facts in programs {
      let program = facts.info
      table.row(
        "\(program.id)", "\(program.type)", facts.name, program.tag, "\(program.translatedSize / 8)",
        program.mapIDs.map(String.init).joined(separator: ","), "\(program.runCount)",
        owners?.text(program: program.id) ?? "")
    }
    return table.text
  }

  func write(to json: inout JSONWriter) {
    json.beginArray()
    for program in programs { ProgramReport(facts: program, owners: owners).write(to: &json) }
    json.endArray()
  }
}

/// One program.
struct ProgramReport: Report {
  var facts: ProgramFacts
  var owners: Owners?

  private var info: ProgramInfo { facts.info }

  var text: String {
    var lines = [
      "program \(info.id): \(facts.name)",
      "type          \(info.type)",
      "tag           \(info.tag)",
      "loaded        \(Clock.text(nanosecondsSinceBoot: info.loadTime)), by user \(info.userID)",
      "license       \(info.isGPLCompatible ? "GPL-compatible" : "not GPL-compatible")",
      "instructions  \(info.translatedSize / 8) translated, \(info.machineCodeSize) bytes of machine code"
        + (info.verifiedInstructions > 0 ? ", \(info.verifiedInstructions) verified" : ""),
      "functions     \(info.functions.count)",
      "runs          \(info.runCount), \(info.runTime) ns in all, \(info.recursionMisses) skipped because of recursion",
    ]
    if let memory = facts.memory { lines.append("memory        \(memory) bytes") }
    if !info.mapIDs.isEmpty { lines.append("maps          \(info.mapIDs.map(String.init).joined(separator: ", "))") }
    if info.btfID != 0 { lines.append("types         btf \(info.btfID)") }
    if let processes = owners?.text(program: info.id), !processes.isEmpty { lines.append("held by       \(processes)") }
    return lines.lines
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.field("id", info.id)
    json.field("type", "\(info.type)")
    json.field("name", facts.name)
    json.field("tag", info.tag)
    json.key("gpl_compatible")
    json.bool(info.isGPLCompatible)
    json.field("loaded_at", Clock.text(nanosecondsSinceBoot: info.loadTime))
    json.field("uid", info.userID)
    json.field("bytes_xlated", info.translatedSize)
    json.field("bytes_jited", info.machineCodeSize)
    if let memory = facts.memory { json.field("bytes_memlock", memory) }
    json.field("verified_insns", info.verifiedInstructions)
    json.field("run_cnt", info.runCount)
    json.field("run_time_ns", info.runTime)
    json.field("recursion_misses", info.recursionMisses)
    if info.btfID != 0 { json.field("btf_id", info.btfID) }
    json.key("map_ids")
    json.beginArray()
    for id in info.mapIDs { json.integer(id) }
    json.endArray()
    owners?.write(program: info.id, to: &json)
    json.endObject()
  }
}
