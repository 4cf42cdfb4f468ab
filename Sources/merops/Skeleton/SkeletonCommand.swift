// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF
import BPFCompiler
import BPFSkeleton
import BPFSystem
import BTF
import BTFText

/// `merops skeleton`
struct SkeletonCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "skeleton",
    abstract: "Generate a Swift type for an object.",
    discussion: """
      The type has a typed property for each program, map and global variable, and holds the object (without DWARF), \
      unless --no-embed is given. The file imports BPF only. A package does not need such a file: the build plugin \
      generates one for each bpf/NAME.bpf.c and bpf/NAME.bpf.swift of a target that depends on BPF.

      EXAMPLES
        merops skeleton firewall.bpf.o -o Sources/App/Firewall.swift
        merops skeleton probe.bpf.o --name Probe --event records=exec_event
      """)

  enum Access: String, ExpressibleByArgument, CaseIterable { case `internal`, package, `public` }

  @Argument(help: "An eBPF object file.", completion: .file(extensions: ["o"])) var file: String
  @Option(
    name: .shortAndLong, help: "The Swift file to write. (default: standard output)",
    completion: .file(extensions: ["swift"]))
  var output: String?
  @Option(help: "The name of the type. (default: made from the name of the file)") var name: String?
  @Option(help: "Who may use the type: internal, package or public.") var access = Access.internal
  @Option(help: ArgumentHelp("The type of the records of a map; may be repeated.", valueName: "map=type")) var event:
    [String] = []
  @Flag(inversion: .prefixedNo, help: "Put the object into the Swift file.") var embed = true

  func validate() throws {
    try Repeated.check("--event", assignments: event)
    if let name, !SkeletonSource.isTypeName(name) {
      throw ValidationError(
        "'\(name)' cannot be the name of a skeleton: choose a Swift identifier that is not the name of a type of Swift, "
          + "Foundation or BPF")
    }
  }

  func run() throws {
    Leftovers.removeOnSignals()
    let bytes: [UInt8]
    do { bytes = try SystemFile.read(file, ifStartingWith: [ObjectSpec.magic]) } catch {
      throw BPFError("opening object \(file)", errno: error)
    }
    let path = file.split(separator: "/").last.map(String.init) ?? file
    let object: ObjectSpec
    do { object = try ObjectSpec(bytes: bytes, name: String(path.prefix { $0 != "." })) } catch {
      throw BPFError(.object, "opening object \(file)", underlying: error)
    }
    var source = SkeletonSource(object, typeName: name)
    source.origin = path
    source.access = SwiftStyle.Access(rawValue: access.rawValue) ?? .internal
    source.object = embed ? .embedded(bytes) : .absent
    for choice in event {
      let parts = choice.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw Refusal("--event needs MAP=TYPE") }
      guard source.spec[map: parts[0]] != nil else { throw Refusal("the object has no map '\(parts[0])'") }
      guard let types = source.spec.types,
        let id = types.ids(named: parts[1]).first(where: { types.kind($0) != .function })
      else { throw Refusal("the object has no type '\(parts[1])'") }
      source.recordTypes[parts[0]] = id
    }
    let text = try source.text()
    if let output {
      do {
        try Files.check(output, isNoneOf: [file])
        try Files.write(output, text.utf8)
      } catch { throw Refusal(error.diagnostics.map(\.message).joined()) }
    } else {
      Output.bytes(Array(text.utf8))
    }
  }
}
