// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import BTFCoding

/// `merops prog load`
struct ProgramLoad: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load",
    abstract: "Load an object: verify it and report, or pin it, or also attach it.",
    discussion: """
      Without --pin, merops loads the object, reports what the verifier found, and unloads it. With --pin DIR it pins \
      each program and map under its name. With --attach it also attaches the programs whose sections name a target, \
      and pins their links in DIR/links.

      EXAMPLES
        merops prog load probe.bpf.o
        merops prog load probe.bpf.o --pin /sys/fs/bpf/probe
        merops prog load probe.bpf.o --pin /sys/fs/bpf/probe --attach
        merops prog load odd.o --type xdp
        merops prog load probe.bpf.o --token /sys/fs/bpf
      """)

  @Argument(help: "An eBPF object file.", completion: .file(extensions: ["o"])) var file: String
  @Option(help: ArgumentHelp("The bpffs directory to pin to (created if missing).", valueName: "dir")) var pin: String?
  @Flag(help: "Also attach the programs. Needs --pin: otherwise the links end with merops.") var attach = false
  @Option(help: "The type for programs whose sections name none, as bpftool calls it: xdp, sched_cls, ...")
  var type: String?
  @Option(help: "Also print the verifier log of accepted programs: 1, 2 or 4.") var logLevel = 0
  @Option(help: ArgumentHelp("Set a global variable before loading; may be repeated.", valueName: "name=value"))
  var global: [String] = []
  @Option(help: ArgumentHelp("Load with a BPF token of this bpffs, as in a container.", valueName: "bpffs")) var token:
    String?
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard 0...7 ~= logLevel else {
      throw ValidationError("--log-level must be 1 (states at branches), 2 (every state), 4 (statistics), or their sum")
    }
    if attach, pin == nil {
      throw ValidationError("--attach needs --pin DIR: without a pin the links would end with this command")
    }
  }

  func run() throws {
    let collection = try ObjectFile.collection(file, globals: global, type: type)
    collection.options.logLevel = UInt32(logLevel)
    if let token { collection.options.token = try BPFToken(bpffs: token) }
    guard let pin else {
      let report = try collection.verify()
      for omission in report.omissions { Output.note("\(omission)") }
      return output.print(VerificationText(report: report))
    }
    try collection.load()
    for omission in collection.omissions { Output.note("\(omission)") }
    if logLevel > 0 { for program in collection.programs { Output.note(program.log.map { "\($0.text)" } ?? "") } }
    let (attached, pins): (BPFCollection.AttachReport?, BPFCollection.Pins)
    do {
      attached = attach ? try collection.attachAll() : nil
      pins = try collection.pinAll(in: pin, links: attach)
    } catch {
      collection.removePinsOfLoad()
      throw error
    }
    for waiting in attached?.waiting ?? [] {
      Output.note("\(waiting.name) is loaded but not attached: its section '\(waiting.place)' names no target")
    }
    // Where nobody learns of the pins, there are none.
    Output.onFailure {
      try? pins.remove()
      collection.removePinsOfLoad()
    }
    output.print(PinReport(pins: pins, attached: attached?.attached ?? []))
  }
}

/// What would be loaded.
struct VerificationText: Report {
  var report: BPFCollection.VerificationReport

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
      + "\n\nverified and unloaded; --pin DIR keeps it loaded"
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
  var attached: [BPFCollection.AttachReport.Entry]

  private var groups: [(kind: String, paths: [(key: String, value: String)])] {
    [("program", pins.programs), ("map", pins.maps), ("link", pins.links)].map { kind, paths in
      (kind, paths.sorted { $0.key < $1.key })
    }
  }

  var text: String {
    var table = Table("PINNED", "NAME", "PATH")
    for (kind, paths) in groups { for (name, path) in paths { table.row(kind, name, path) } }
    return table.text + attached.map { "\n" + "\($0.name) is attached to \($0.place)".visible }.joined()
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
