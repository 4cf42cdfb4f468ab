// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF

/// `merops object`
struct ObjectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "object", abstract: "Read eBPF object files; needs no privilege.",
    subcommands: [ObjectInspect.self])
}

/// `merops object inspect FILE`
struct ObjectInspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what an object file holds: programs, maps, variables, externs.",
    discussion: """
      Nothing is loaded, and no privilege is needed.

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

/// Object files, with errors that name the file.
enum ObjectFile {
  static func read(_ path: String) throws -> ObjectSpec { try Collection(path: path).spec }
}
