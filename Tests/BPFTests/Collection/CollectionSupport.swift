// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestObjects
import TestSupport
import Testing

@testable import BPF

/// Opens an object of the corpus.
func open(_ name: String, options: LoadOptions = LoadOptions()) throws -> BPFCollection {
  let object = try #require(Objects.all.first { $0.name == name }, "there is no object \(name)")
  return try BPFCollection(bytes: object.bytes(), name: name, options: options)
}

/// Opens and loads an object of the corpus.
///
/// - Parameters:
///   - programs: the ones that the test needs; a kernel may refuse others. None for the object's own choice.
func load(
  _ name: String, only programs: [String] = [], _ change: (BPFCollection) throws -> Void = { _ in }
) throws -> BPFCollection {
  let collection = try open(name)
  if !programs.isEmpty { try collection.select(programs: programs) }
  try change(collection)
  try collection.load()
  return collection
}

/// A packet that programs which only look at its length can be run on.
let somePacket = [UInt8](repeating: 0, count: 64)

extension BPFCollection {
  /// What one of the programs returns for a packet.
  func run(_ program: String, on packet: [UInt8] = somePacket) throws -> UInt32 {
    try self.program(program).testRun(data: packet).returnValue
  }
}

extension TestBPFFS {
  /// Options that pin maps here.
  var options: LoadOptions {
    var options = LoadOptions()
    options.pinDirectory = path
    return options
  }
}
