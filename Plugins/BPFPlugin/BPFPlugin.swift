// SPDX-License-Identifier: Apache-2.0
import Foundation
import PackagePlugin

/// Compiles every `bpf/*.bpf.c` and `bpf/*.bpf.swift` of a target while the package builds, and embeds the objects in the
/// target. The folders called `bpf` may lie anywhere in the target's own.
///
/// Other Swift files beside programs are compiled into each Swift program of that folder: they are parts of a program, or
/// what several have in common. The target's own files that are called `*.shared.swift` are compiled into its Swift programs
/// too: types that both sides know. Each program becomes one static property of the generated `enum Objects`: `bpf/execve_tracker.bpf.c` is
/// `Objects.execveTracker`, an array of bytes; and, in a target that depends on `BPF`, a type `ExecveTracker` with a typed
/// property for each program, map and global variable. The compiler is the clang beside the swiftc that runs the build;
/// the environment variable `MEROPS_CLANG` names another one.
///
/// A file `bpf-build.json` in such a folder sets how its programs are built: `{ "cpu": "v3", "btf": "vmlinux" }`; see
/// ``BuildOptions``.
@main struct BPFPlugin: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let folders = Self.programFolders(in: target.directoryURL)
    let programs = folders.flatMap(\.programs)
    guard !programs.isEmpty else {
      throw NoPrograms(
        target: target.name, folder: target.directoryURL.appending(path: "bpf").path, isThere: !folders.isEmpty)
    }
    for (name, files) in Dictionary(grouping: programs, by: name) where files.count > 1 {
      throw SameName(name: name, files: files.map(\.path))
    }

    let tool = try context.tool(named: "bpf-build").url
    let clang = try compiler("clang", "MEROPS_CLANG", context)
    let swift = try SwiftPrograms(context: context, target: target)
    let output = context.pluginWorkDirectoryURL
    let hasSkeletons = target.recursiveTargetDependencies.contains { $0.name == "BPF" }

    var commands: [Command] = []
    for folder in folders {
      let options = try BuildOptions(in: folder.url)
      for program in folder.programs {
        let source = program.resolvingSymlinksInPath()  // so that errors name the file that the author edits
        let generated = output.appending(path: "\(name(program)).bpf.swift")
        let isSwift = program.pathExtension == "swift"
        let parts = isSwift ? folder.parts : []
        commands.append(
          .buildCommand(
            displayName: "Compiling kernel program \(program.lastPathComponent)",
            executable: tool,
            arguments: [
              "compile", "--clang", clang.path, "--root", context.package.directoryURL.path, "--include",
              folder.url.path, "--skeleton", hasSkeletons ? "yes" : "no",
            ] + options.arguments(isSwift: isSwift)
              + (isSwift ? try swift.arguments(compiler("swiftc", "MEROPS_SWIFTC", context), output) : [])
              + parts.flatMap { ["--part", $0.path] } + [source.path, generated.path],
            inputFiles: [source] + parts + options.inputs + (isSwift ? swift.inputs : folders.flatMap(\.headers)),
            outputFiles: [generated]))
      }
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

  /// A folder called `bpf`.
  private struct ProgramFolder {
    var url: URL
    var programs: [URL] = []
    /// Swift files that are no programs themselves.
    var parts: [URL] = []
    /// There is no dependency file in a build-tool plugin: every header may concern every program.
    var headers: [URL] = []
  }

  /// The folders called `bpf` in a target, in the order of their paths.
  private static func programFolders(in folder: URL) -> [ProgramFolder] {
    let entries = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    var result: [ProgramFolder] = []
    for entry in entries.sorted(by: { $0.lastPathComponent < $1.lastPathComponent }) {
      let isProgramFolder = entry.lastPathComponent == "bpf"
      var isFolder: ObjCBool = false
      // Links lead to programs, and nowhere else: one may lead back to where it lies.
      guard !entry.lastPathComponent.hasPrefix("."),
        FileManager.default.fileExists(atPath: entry.path, isDirectory: &isFolder), isFolder.boolValue,
        isProgramFolder || (try? FileManager.default.destinationOfSymbolicLink(atPath: entry.path)) == nil
      else { continue }
      if isProgramFolder { result.append(programFolder(entry)) } else { result += programFolders(in: entry) }
    }
    return result
  }

  private static func programFolder(_ url: URL) -> ProgramFolder {
    let entries = (try? FileManager.default.contentsOfDirectory(at: url, includingPropertiesForKeys: nil)) ?? []
    let files = entries.sorted { $0.lastPathComponent < $1.lastPathComponent }
    return ProgramFolder(
      url: url,
      programs: files.filter(isProgram),
      parts: files.filter { $0.pathExtension == "swift" && !isProgram($0) }.map { $0.resolvingSymlinksInPath() },
      headers: files.filter { $0.pathExtension == "h" }.map { $0.resolvingSymlinksInPath() })
  }

  private static func isProgram(_ file: URL) -> Bool { suffixes.contains { file.lastPathComponent.hasSuffix($0) } }

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

/// Two programs that would be the same property of `Objects`.
struct SameName: Error, CustomStringConvertible {
  var name: String
  var files: [String]

  var description: String {
    "\(files.joined(separator: " and ")) are both called \(name), by which the target finds the object: rename one"
  }
}
