// SPDX-License-Identifier: Apache-2.0
import Foundation
import PackagePlugin

/// Compiles every `bpf/*.bpf.c` of a target while the package builds, and embeds the objects in the target.
///
/// Each program becomes one static property of the generated `enum Objects`: `bpf/execve_tracker.bpf.c` is
/// `Objects.execveTracker`, an array of bytes. The compiler is the clang beside the swiftc that runs the build;
/// the environment variable `MEROPS_CLANG` names another one.
@main struct BPFPlugin: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let folder = target.directoryURL.appending(path: "bpf")
    guard let entries = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) else {
      throw NoPrograms(target: target.name, folder: folder.path, isThere: false)
    }
    let files = entries.sorted { $0.lastPathComponent < $1.lastPathComponent }
    let programs = files.filter { $0.lastPathComponent.hasSuffix(".bpf.c") }
    guard !programs.isEmpty else { throw NoPrograms(target: target.name, folder: folder.path, isThere: true) }
    // There is no dependency file in a build-tool plugin: every header may concern every program.
    let headers = files.filter { $0.pathExtension == "h" }.map { $0.resolvingSymlinksInPath() }

    let tool = try context.tool(named: "bpf-build").url
    let clang = try compiler(context)
    let objcopy = try context.tool(named: "llvm-objcopy").url
    let output = context.pluginWorkDirectoryURL

    var commands: [Command] = []
    for program in programs {
      let source = program.resolvingSymlinksInPath()  // so that errors name the file that the author edits
      let swift = output.appending(path: "\(name(program)).bpf.swift")
      commands.append(
        .buildCommand(
          displayName: "Compiling kernel program \(program.lastPathComponent)",
          executable: tool,
          arguments: [
            "compile", "--clang", clang.path, "--objcopy", objcopy.path, "--root", context.package.directoryURL.path,
            "--include", folder.path, source.path, swift.path,
          ],
          inputFiles: [source] + headers,
          outputFiles: [swift]))
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
    String(program.lastPathComponent.dropLast(".bpf.c".count))
  }

  private func compiler(_ context: PluginContext) throws -> URL {
    if let path = ProcessInfo.processInfo.environment["MEROPS_CLANG"], !path.isEmpty {
      return URL(filePath: path)
    }
    return try context.tool(named: "clang").url
  }
}

/// A target that uses the plugin and has nothing for it.
struct NoPrograms: Error, CustomStringConvertible {
  var target: String
  var folder: String
  var isThere: Bool

  var description: String {
    (isThere ? "there is no *.bpf.c in \(folder)" : "there is no folder \(folder)")
      + ": BPFPlugin compiles the kernel programs of target \(target) from there; "
      + "add one, such as bpf/probe.bpf.c, or leave the plugin out of the target"
  }
}
