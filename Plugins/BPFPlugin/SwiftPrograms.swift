// SPDX-License-Identifier: Apache-2.0
import Foundation
import PackagePlugin

/// What the kernel programs of a target that are written in Swift are compiled with.
struct SwiftPrograms {
  /// Sources of the target that both sides compile: `*.shared.swift`.
  let shared: [URL]
  /// The folder that holds the sources of BPFKernel, which programs import.
  let kernelSide: URL?
  private let kernelSideFiles: [URL]

  init(context: PluginContext, target: any Target) throws {
    shared = (target.sourceModule?.sourceFiles.map(\.url) ?? [])
      .filter { $0.lastPathComponent.hasSuffix(".shared.swift") }
      .map { $0.resolvingSymlinksInPath() }
      .sorted { $0.path < $1.path }
    let targets = Self.targets(of: context.package)
    kernelSide = targets.first { $0.name == "BPFKernel" }?.directoryURL.deletingLastPathComponent()
    kernelSideFiles = targets.filter { ["BPFKernel", "BPFValues", "CBPFKernel"].contains($0.name) }
      .flatMap { $0.sourceModule?.sourceFiles.map(\.url) ?? [] }
  }

  /// Whatever makes a program be compiled again when it changes.
  var inputs: [URL] { shared + kernelSideFiles }

  /// The tool's arguments for a program in Swift.
  func arguments(_ swiftc: URL, _ work: URL) throws -> [String] {
    guard let kernelSide else { throw NoKernelSide() }
    return [
      "--swiftc", swiftc.path, "--kernel-side", kernelSide.path, "--cache", work.appending(path: "kernel-side").path,
    ] + shared.flatMap { ["--shared", $0.path] }
  }

  /// The targets of a package and of all it depends on.
  private static func targets(of package: Package) -> [any Target] {
    var seen: Set<String> = []
    var result: [any Target] = []
    var rest = [package]
    while let package = rest.popLast() {
      guard seen.insert(package.id).inserted else { continue }
      result += package.targets
      rest += package.dependencies.map(\.package)
    }
    return result
  }
}

/// A package without Merops among its dependencies.
struct NoKernelSide: Error, CustomStringConvertible {
  var description: String {
    "BPFKernel, which kernel programs in Swift import, is in no package that this one depends on: add Merops to the dependencies in Package.swift"
  }
}
