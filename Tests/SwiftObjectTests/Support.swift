// SPDX-License-Identifier: Apache-2.0
import BPF
import BPFObject
import Foundation
import SwiftObjects
import TestSupport
import Testing

extension SwiftCorpus {
  /// The first kernel that can run programs which 5.10 cannot; nil stands for all of an object's.
  private static let minimum: [String: [String?: KernelVersion]] = [
    "callbacks": ["rounds": "5.17", "alarm": "5.15"],
    "congestion": [nil: "6.4"],
    "control": ["record": "5.19", "iterate": "6.4", "kernelFunctions": "6.2"],
    "exec": [nil: "5.11"],
    "flavors": [nil: "6.2"],
    "packets": ["byHelpers": "5.18", "byDynamicPointer": "6.4"],
    "questions": [nil: "5.17"],
    "storage": [nil: "5.11"],
    "tracing": ["hooked": "6.4", "run": "5.14"],
    "usdt": [nil: "5.15"],
  ]

  static func minimum(_ object: String, _ program: String) -> KernelVersion {
    minimum[object]?[program] ?? minimum[object]?[nil] ?? "5.10"
  }

  /// Those with hooks in the kernel's own functions, for a kernel that nobody else uses.
  private static let ofOwnKernel: Set = ["functions", "hooks", "paths"]

  /// What this machine may load.
  static let names = all.map(\.name).filter {
    !ofOwnKernel.contains($0) || ProcessInfo.processInfo.environment["MEROPS_GUEST"] != nil
  }

  static func spec(_ name: String) throws -> ObjectSpec {
    try ObjectSpec(bytes: try #require(SwiftCorpus[name]), name: name)
  }

  /// An object's programs: those that this kernel can run, and the others.
  static func programs(_ name: String) throws -> (can: [String], cannot: [String]) {
    let programs = try spec(name).programs.map(\.name)
    let can = programs.filter { minimum(name, $0) <= KernelVersion.running }
    return (can, programs.filter { !can.contains($0) })
  }

  /// Loads an object: all of it, or these programs.
  static func load(
    _ name: String, _ programs: [String]? = nil, _ change: (BPFCollection) throws -> Void = { _ in }
  ) throws -> BPFCollection {
    let collection = try BPFCollection(bytes: try #require(SwiftCorpus[name]), name: name)
    if let programs { try collection.select(programs: programs) }
    try change(collection)
    try collection.load()
    return collection
  }
}
