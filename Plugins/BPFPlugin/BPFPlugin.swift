// SPDX-License-Identifier: Apache-2.0
import Foundation
import PackagePlugin

/// Compiles every `bpf/*.bpf.c` and `bpf/*.bpf.swift` of a target while the package builds, and embeds the objects in the
/// target.
///
/// The target's own files that are called `*.shared.swift` are compiled into its Swift programs too: types that both sides
/// know. Each program becomes one static property of the generated `enum Objects`: `bpf/execve_tracker.bpf.c` is
/// `Objects.execveTracker`, an array of bytes; and, in a target that depends on `BPF`, a type `ExecveTracker` with a typed
/// property for each program, map and global variable. The compiler is the clang beside the swiftc that runs the build;
/// the environment variable `MEROPS_CLANG` names another one.
@main struct BPFPlugin: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let folder = target.directoryURL.appending(path: "bpf")
    guard let entries = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) else {
      throw NoPrograms(target: target.name, folder: folder.path, isThere: false)
    }
    let files = entries.sorted { $0.lastPathComponent < $1.lastPathComponent }
    let programs = files.filter { name in Self.suffixes.contains { name.lastPathComponent.hasSuffix($0) } }
    guard !programs.isEmpty else { throw NoPrograms(target: target.name, folder: folder.path, isThere: true) }
    // There is no dependency file in a build-tool plugin: every header may concern every program.
    let headers = files.filter { $0.pathExtension == "h" }.map { $0.resolvingSymlinksInPath() }

    let tool = try context.tool(named: "bpf-build").url
    let clang = try compiler("clang", "MEROPS_CLANG", context)
    let swift = try SwiftPrograms(context: context, target: target)
    let output = context.pluginWorkDirectoryURL
    let hasSkeletons = target.recursiveTargetDependencies.contains { $0.name == "BPF" }

    var commands: [Command] = []
    for program in programs {
      let source = program.resolvingSymlinksInPath()  // so that errors name the file that the author edits
      let generated = output.appending(path: "\(name(program)).bpf.swift")
      let isSwift = program.pathExtension == "swift"
      commands.append(
        .buildCommand(
          displayName: "Compiling kernel program \(program.lastPathComponent)",
          executable: tool,
          arguments: [
            "compile", "--clang", clang.path, "--root", context.package.directoryURL.path, "--include", folder.path,
            "--skeleton", hasSkeletons ? "yes" : "no",
          ] + (isSwift ? try swift.arguments(compiler("swiftc", "MEROPS_SWIFTC", context), output) : [])
            + [source.path, generated.path],
          inputFiles: [source] + (isSwift ? swift.inputs : headers),
          outputFiles: [generated]))
    }
    let index = output.appending(path: "Objects.swift")
    commands.append(
      .buildCommand(
        displayName: "Listing kernel programs of \(target.name)",
        executable: tool,
        arguments: ["list", index.path] + programs.map(name),
        inputFiles: [],
        outputFiles: [index]))
    return commands
  }

  private func name(_ program: URL) -> String {
    let file = program.lastPathComponent
    return String(file.dropLast(Self.suffixes.first { file.hasSuffix($0) }?.count ?? 0))
  }

  private static let suffixes = [".bpf.c", ".bpf.swift"]

  private func compiler(_ name: String, _ variable: String, _ context: PluginContext) throws -> URL {
    if let path = ProcessInfo.processInfo.environment[variable], !path.isEmpty { return URL(filePath: path) }
    return try context.tool(named: name).url
  }
}

/// A target that uses the plugin and has nothing for it.
struct NoPrograms: Error, CustomStringConvertible {
  var target: String
  var folder: String
  var isThere: Bool

  var description: String {
    (isThere ? "there is no *.bpf.c or *.bpf.swift in \(folder)" : "there is no folder \(folder)")
      + ": BPFPlugin compiles the kernel programs of target \(target) from there; "
      + "add one, such as bpf/probe.bpf.c, or leave the plugin out of the target"
  }
}
