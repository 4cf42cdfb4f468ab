// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import BTF
import BTFText

/// `merops btf`
struct BTFCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "btf", abstract: "Print and compare BTF types.", subcommands: [BTFDump.self, BTFDiffCommand.self])
}

/// `merops btf dump`
struct BTFDump: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump",
    abstract: "Print types as C, Swift or JSON.",
    discussion: """
      Without types, merops prints all of them; as C that is a header for kernel programs (vmlinux.h). With types, it \
      prints those and all that they need.

      EXAMPLES
        merops btf dump kernel > vmlinux.h
        merops btf dump kernel task_struct path
        merops btf dump kernel sk_buff --format swift
        merops btf dump probe.bpf.o --format json
        merops btf dump module.btf --base kernel
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case c, swift, json }

  @Argument(help: "'kernel', 'module:NAME', an object file, or a raw BTF file.", completion: .file())
  var source = "kernel"
  @Argument(help: "The names of types. (default: all types)") var types: [String] = []
  @Option(help: "The language: c, swift or json. (default: c)") var format: Format?
  @Flag(help: "The same as --format json.") var json = false
  @OptionGroup var base: BaseOption

  func validate() throws {
    if json, let format, format != .json {
      throw ValidationError("--json and --format \(format) contradict each other")
    }
    try base.check(source)
  }

  func run() throws {
    let source = try TypeSource.open(source, base: base.types())
    let ids = try types.isEmpty ? nil : source.ids(named: types)
    let text =
      switch json ? .json : format ?? .c {
      case .c: try ids.map { try CPrinter(source.types).definitions(of: $0) } ?? CPrinter(source.types).header()
      case .swift: try SwiftPrinter(source.types).definitions(of: ids ?? source.all)
      case .json: try BTFJSON(source.types).text(of: ids)
      }
    Output.text(text)
  }
}

/// `merops btf diff`
struct BTFDiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Compare the types of two kernels, modules or objects.",
    discussion: """
      Types are matched by kind and name. merops prints those that were added, removed or changed.

      EXAMPLES
        merops btf diff old-vmlinux.btf kernel
        merops btf diff a.bpf.o b.bpf.o --json
      """)

  @Argument(help: "'kernel', 'module:NAME', an object file, or a raw BTF file.", completion: .file()) var old: String
  @Argument(help: "What to compare it with: the same choices.", completion: .file()) var new: String
  @OptionGroup var output: OutputOptions
  @OptionGroup var base: BaseOption

  func validate() throws { try base.check(old, new) }

  func run() throws {
    let base = try base.types()
    let diff = try BTFDiff(from: TypeSource.open(old, base: base).types, to: TypeSource.open(new, base: base).types)
    Output.text(output.json ? diff.json : diff.description)
  }
}

/// What split BTF continues.
struct BaseOption: ParsableArguments {
  @Option(
    name: .customLong("base"),
    help: ArgumentHelp(
      "For a file of split BTF, the BTF that it continues: 'kernel' for a module's, or a file.", valueName: "source"),
    completion: .file())
  var source: String?

  /// Throws where there is a base, and no file that could need it.
  func check(_ sources: String...) throws {
    guard source != nil, sources.allSatisfy({ $0 == "kernel" || $0.hasPrefix("module:") }) else { return }
    throw ValidationError(
      "--base is for a file of split BTF: merops finds the base of '\(sources.joined(separator: "' and '"))' itself")
  }

  func types() throws -> BTFTypes? {
    guard let source else { return nil }
    return try TypeSource.open(source).types
  }
}

/// Where types are read from.
struct TypeSource {
  var types: BTFTypes
  var name: String

  static func open(_ name: String, base: BTFTypes? = nil) throws -> TypeSource {
    if name == "kernel" { return TypeSource(types: try KernelTypes.current().vmlinux, name: name) }
    if name.hasPrefix("module:") {
      let module = name.dropFirst("module:".count)
      guard let found = try KernelTypes.current().modules().first(where: { $0.name == module }) else {
        throw Refusal("no module '\(module)' with types is loaded; `ls /sys/kernel/btf` lists those that are")
      }
      return TypeSource(types: found.types, name: name)
    }
    do {
      return TypeSource(types: try KernelTypes.load(path: name, base: base).vmlinux, name: name)
    } catch {
      guard let reason = error.underlying as? BTFError, reason.code == .needsBase else { throw error }
      throw Refusal("\(name): \(reason.detail). Name them with --base: --base kernel, or --base FILE")
    }
  }

  var all: [TypeID] { Array(types.ids) }

  func ids(named names: [String]) throws -> [TypeID] {
    try names.flatMap { name in
      let ids = types.ids(named: name)
      guard !ids.isEmpty else { throw Refusal("\(self.name) has no type named '\(name)'") }
      return ids
    }
  }
}
