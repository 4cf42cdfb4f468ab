// SPDX-License-Identifier: Apache-2.0

extension ProbeModule {
  /// Turns the module into one for BPF.
  ///
  /// - Throws: `CompileError` with a message for each thing that BPF has no way to do.
  mutating func convert(root: String) throws(CompileError) -> String {
    guard !programs.isEmpty else {
      throw CompileError(sourceDiagnostics.isEmpty ? [noProgram()] : Self.sorted(sourceDiagnostics))
    }
    var diagnostics = sourceDiagnostics + misplacedPrograms()
    diagnostics += lazyVariables()
    // What reaches the runtime is told before anything is changed: names and places are still the author's.
    let reached = reachable(from: programs)
    diagnostics += localMaps(in: reached)
    diagnostics += unsupported(in: reached)
    let variables = rewriteVariables()
    diagnostics += variables.diagnostics
    diagnostics += withoutUSDTSpecifications(variables)
    if !variables.hasLicense, diagnostics.isEmpty {
      throw CompileError([
        Diagnostic(
          at: function(programs[0]).flatMap { location(of: $0) },
          "no license: declare one, such as `let license = License.gpl`; many helpers are for GPL programs only")
      ])
    }
    let roots = Set(variables.roots)
    diagnostics += rewriteFunctions(reached, variables)
    guard diagnostics.isEmpty else { throw CompileError(Self.sorted(diagnostics)) }
    module.globals.removeAll { !reached.contains($0.name) && !roots.contains($0.name) }
    locations.collapse(&module.metadata)
    cleanTarget()
    cleanMetadata(root: root)
    return module.text
  }

  /// USDT programs without the map that describes where a probe's arguments are.
  private mutating func withoutUSDTSpecifications(_ variables: Variables) -> [Diagnostic] {
    guard !variables.roots.contains(Self.usdtSpecifications) else { return [] }
    return programs.compactMap { function($0) }.filter { $0.section?.hasPrefix("usdt") ?? false }.map { function in
      Diagnostic(
        at: location(of: function),
        "`\(sourceName(of: function) ?? function.name)` is a USDT program, which needs a map for how a probe's arguments "
          + "are read: declare `var specifications = USDTSpecifications(maxEntries: 256)`")
    }
  }

  /// The error where no function has a section, at the first function that could be a program.
  private mutating func noProgram() -> Diagnostic {
    var place: SourceLocation?
    for function in module.functions where function.body != nil && function.parameters.count == 1 {
      guard let node = function.debugNode, function.name.hasSuffix("F"),
        locations.isAuthor(node, in: module.metadata), let found = location(of: function)
      else { continue }
      if let first = place, (first.file, first.line) <= (found.file, found.line) { continue }
      place = found
    }
    let file = locations.authorFiles.sorted().first { $0.hasSuffix(".bpf.swift") }
    return Diagnostic(
      at: place ?? file.map { SourceLocation(file: $0, line: 1) },
      "no program here: give a function a section, such as `@section(\"xdp\")`")
  }

  /// In the order of the source; of each line the first, which the others follow from.
  private static func sorted(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
    var told: Set<SourceLocation> = []
    return diagnostics.filter { diagnostic in
      guard let place = diagnostic.location else { return true }
      return told.insert(SourceLocation(file: place.file, line: place.line)).inserted
    }.inOrder()
  }

  /// Another target: riscv64's data layout is BPF's to the letter, so that no offset changes.
  private mutating func cleanTarget() {
    module.preamble = module.preamble.filter { !$0.hasPrefix("source_filename") }.map {
      $0.hasPrefix("target triple") ? "target triple = \"bpfel\"" : $0
    }
    let dropped = [
      "\"target-cpu\"", "\"target-features\"", "\"stack-protector-buffer-size\"", "\"frame-pointer\"",
      "\"no-trapping-math\"",
    ]
    let words: Set<Substring> = ["ssp", "sspstrong", "sspreq", "optsize", "minsize", "noinline", "inlinehint"]
    for (number, value) in module.attributes {
      let kept = value.split(separator: " ").filter { word in
        !words.contains(word) && !dropped.contains { word.hasPrefix($0) }
      }
      // A group may not be empty, and no function here throws.
      module.attributes[number] = kept.count > 2 ? Substring(kept.joined(separator: " ")) : "{ nounwind }"
    }
  }

  /// The same metadata in whatever folder the sources lie, and nothing for a debugger.
  private mutating func cleanMetadata(root: String) {
    let metadata = module.metadata
    module.metadata.mapNamed("llvm.dbg.cu") { metadata[$0]?["splitDebugFilename"] == nil }
    for number in module.metadata.numbers.sorted() {
      if module.metadata.isKind(number, "DIFile"), var node = module.metadata[number] {
        let folder = node.string("directory") ?? ""
        let name = node.string("filename") ?? ""
        if folder != root, !locations.authorFiles.contains(name) {
          node["filename"] = Substring(IRText.literal(name.split(separator: "/").last ?? ""))
        }
        if locations.authorFiles.contains(name) {
          node["filename"] = Substring(IRText.literal(Files.relative(name, to: root)))
        }
        node["directory"] = "\".\""
        node["checksumkind"] = nil
        node["checksum"] = nil
        module.metadata.replace(number, with: node.text)
      } else if module.metadata.isKind(number, "DICompileUnit"), var node = module.metadata[number] {
        for list in ["enums", "retainedTypes", "globals", "imports", "flags"] { node[list] = nil }
        module.metadata.replace(number, with: node.text)
      }
    }
  }
}
