// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFCompiler
import Foundation
import Synchronization
import Testing

/// The probes of `Probes/`, compiled once for all tests.
enum Probe {
  private static let objects = Mutex<[String: [UInt8]]>([:])

  /// The object of a probe.
  ///
  /// - Parameter cpu: the instruction set.
  static func object(_ name: String, cpu: String = "v2") throws -> [UInt8] {
    try objects.withLock { objects in
      if let object = objects["\(name) \(cpu)"] { return object }
      let root = FileManager.default.currentDirectoryPath
      // A guest of Tests/VM sees this machine's files, read-only: it has what was compiled here.
      let cache = access("\(root)/.build", W_OK) == 0 ? "\(root)/.build/kernel-side" : NSTemporaryDirectory()
      var compiler = ProbeCompiler(toolchain: try Toolchain.find(), kernelSide: "\(root)/Sources", cache: cache)
      compiler.cpu = cpu
      let object = try compiler.compile("Tests/BPFKernelTests/Probes/\(name).bpf.swift", root: root)
      objects["\(name) \(cpu)"] = object
      return object
    }
  }

  /// Loads a probe's programs: all of them, or these.
  static func load(
    _ name: String, _ programs: [String]? = nil, cpu: String = "v2", _ change: (Collection) throws -> Void = { _ in }
  ) throws -> Collection {
    let collection = try Collection(bytes: try object(name, cpu: cpu), name: name)
    if let programs { try collection.select(programs: programs) }
    try change(collection)
    try collection.load()
    return collection
  }
}

/// A function of the C library that nobody else calls here: `dev_t gnu_dev_makedev(unsigned, unsigned)`.
enum ProbedFunction {
  static let library = "libc.so.6"
  static let name = "gnu_dev_makedev"

  /// Called by address, so that no compiler computes it instead.
  static func call(_ major: UInt32, _ minor: UInt32) -> UInt64 {
    typealias Function = @convention(c) (UInt32, UInt32) -> UInt64
    return dlsym(nil, name).map { unsafeBitCast($0, to: Function.self)(major, minor) } ?? 0
  }
}
