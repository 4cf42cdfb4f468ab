// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import BTFCoding
import CommandSupport

/// `merops prog load`
struct ProgramLoad: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load",
    abstract: "Load an object: verify and report, or pin its programs and maps, or attach them too.",
    discussion: """
      Without --pin everything is verified, reported and unloaded. With --pin each program and map is pinned under its
      name; with --attach the programs whose sections say where are attached, and their links pinned in DIR/links.

      EXAMPLES
        merops prog load probe.bpf.o
        merops prog load probe.bpf.o --pin /sys/fs/bpf/probe
        merops prog load probe.bpf.o --pin /sys/fs/bpf/probe --attach
        merops prog load odd.o --type xdp
        merops prog load probe.bpf.o --token /sys/fs/bpf
      """)

  @Argument(help: "An eBPF object file.", completion: .file(extensions: ["o"])) var file: String
  @Option(help: "A directory in a bpffs; it is made.") var pin: String?
  @Flag(help: "Attach, too. Takes --pin, since links end with the process otherwise.") var attach = false
  @Option(help: "The type of programs whose sections do not tell, as bpftool names it: xdp, sched_cls, ...")
  var type: String?
  @Option(help: "1, 2 or 4: keep the verifier's log of programs that it accepts.") var logLevel: UInt32 = 0
  @Option(help: "Set a global before loading: NAME=VALUE.") var global: [String] = []
  @Option(help: "A bpffs that delegates: load by a token of it, as in a container.") var token: String?
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if attach, pin == nil {
      throw ValidationError("--attach takes --pin DIR: without a pin the links would end with this command")
    }
  }

  func run() throws {
    let collection = try ObjectFile.collection(file, globals: global, type: type)
    collection.options.logLevel = logLevel
    if let token { collection.options.token = try Token(bpffs: token) }
    guard let pin else { return output.print(VerificationText(report: try collection.verify())) }
    try collection.load()
    if logLevel > 0 { for program in collection.programs { Output.note(program.log.map { "\($0.text)" } ?? "") } }
    let attached = attach ? try collection.attachAll() : nil
    let pins = try collection.pinAll(in: pin, links: attach)
    for waiting in attached?.waiting ?? [] {
      Output.note("\(waiting.name) is loaded but not attached: section '\(waiting.place)' does not say where")
    }
    output.print(PinReport(pins: pins, attached: attached?.attached ?? []))
  }
}

/// What would be loaded.
struct VerificationText: Report {
  var report: VerificationReport

  var text: String {
    var programs = Table("PROGRAM", "TYPE", "ATTACHES TO", "INSTRUCTIONS", "VERIFIED", "MACHINE CODE", "STACK")
    for entry in report.programs {
      programs.row(
        entry.name, "\(entry.type)", entry.section, "\(entry.instructionCount)", "\(entry.verifiedInstructions)",
        "\(entry.machineCodeSize) bytes", entry.stackDepths.map(String.init).joined(separator: "+"))
    }
    var maps = Table("MAP", "TYPE", "KEY", "VALUE", "ENTRIES")
    for map in report.maps {
      maps.row(map.name, "\(map.type)", "\(map.keySize)", "\(map.valueSize)", "\(map.maxEntries)")
    }
    return [programs, maps].filter { !$0.isEmpty }.map(\.text).joined(separator: "\n\n")
      + "\n\nverified and unloaded; --pin DIR keeps it"
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.key("programs")
    json.beginArray()
    for entry in report.programs {
      json.beginObject()
      json.field("name", entry.name)
      json.field("type", "\(entry.type)")
      json.field("section", entry.section)
      json.field("instructions", entry.instructionCount)
      json.field("verified_insns", entry.verifiedInstructions)
      json.field("bytes_jited", entry.machineCodeSize)
      json.endObject()
    }
    json.endArray()
    json.key("maps")
    json.beginArray()
    for map in report.maps {
      json.beginObject()
      json.field("name", map.name)
      json.field("type", "\(map.type)")
      json.field("key_size", map.keySize)
      json.field("value_size", map.valueSize)
      json.field("max_entries", map.maxEntries)
      json.endObject()
    }
    json.endArray()
    json.endObject()
  }
}

/// What was pinned and attached.
struct PinReport: Report {
  var pins: BPFCollection.Pins
  var attached: [AttachReport.Entry]

  private var groups: [(kind: String, paths: [(key: String, value: String)])] {
    [("program", pins.programs), ("map", pins.maps), ("link", pins.links)].map { kind, paths in
      (kind, paths.sorted { $0.key < $1.key })
    }
  }

  var text: String {
    var table = Table("PINNED", "NAME", "PATH")
    for (kind, paths) in groups { for (name, path) in paths { table.row(kind, name, path) } }
    return ([table.text] + attached.map { "\($0.name) is attached to \($0.place)" }).joined(separator: "\n")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    for (kind, paths) in groups {
      json.key(kind + "s")
      json.beginObject()
      for (name, path) in paths { json.field(name, path) }
      json.endObject()
    }
    json.key("attached")
    json.beginObject()
    for entry in attached { json.field(entry.name, entry.place) }
    json.endObject()
    json.endObject()
  }
}
