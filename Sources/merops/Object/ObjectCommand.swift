// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF

/// `merops object`
struct ObjectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "object", abstract: "Inspect eBPF object files; needs no privilege.",
    subcommands: [ObjectInspect.self])
}

/// `merops object inspect FILE`
struct ObjectInspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show the programs, maps, variables and externs of an object file.",
    discussion: """
      merops only reads the file; no privilege is needed.

      EXAMPLES
        merops object inspect probe.bpf.o
        merops object inspect probe.bpf.o --json | jq '.programs[].section'
      """)

  @Argument(help: "An eBPF object file.", completion: .file(extensions: ["o"])) var file: String
  @OptionGroup var output: OutputOptions

  func run() throws {
    output.print(ObjectReport(spec: try ObjectFile.read(file)))
  }
}

/// Object files that the command line names.
enum ObjectFile {
  static func read(_ path: String) throws -> ObjectSpec { try BPFCollection(path: path).spec }

  /// Opens an object to be loaded.
  ///
  /// - Parameters:
  ///   - globals: `NAME=VALUE` each.
  ///   - type: bpftool's name of the type for programs whose sections name none.
  static func collection(_ path: String, globals: [String] = [], type: String? = nil) throws -> BPFCollection {
    let collection = try BPFCollection(path: path)
    collection.options.verificationTakesLong = { program in
      Output.note("the verifier has been working on program \(program) for ten seconds")
    }
    for setting in globals where !setting.contains("=") {
      throw Refusal("--global needs NAME=VALUE, not '\(setting)'")
    }
    try Repeated.check("--global", assignments: globals)
    for setting in globals {
      guard let equals = setting.firstIndex(of: "=") else { continue }
      try collection.setGlobal(String(setting[..<equals]), text: String(setting[setting.index(after: equals)...]))
    }
    guard let type else { return collection }
    guard let chosen = ProgramType(name: type) else {
      throw Refusal("'\(type)' is not a program type; `merops features` lists them")
    }
    for program in collection.spec.programs where program.type == .unspecified {
      try collection.change(program: program.name) { $0.type = chosen }
    }
    return collection
  }
}
