// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFELF
import BPFObject
import BTF
import Foundation
import TestSupport

/// The CO-RE records of an object with the functions that they patch, before any linking.
struct ObjectRelocations {
  struct Function {
    var name: String
    var instructions: [Instruction]
    var records: [(instruction: Int, record: CORERecord)] = []
  }

  let types: BTFTypes
  private(set) var functions: [Function] = []

  init(_ bytes: [UInt8]) throws {
    let file = try ELFFile(bytes: bytes)
    func contents(_ name: String) -> [UInt8] { file.section(named: name).map { Array(file.bytes(of: $0)) } ?? [] }
    types = try BTFTypes(bytes: contents(".BTF"))
    let ext = try BTFExt(bytes: contents(".BTF.ext"))
    for (name, records) in ext.coreRelocations.sorted(by: { $0.key < $1.key }) {
      guard let section = types.string(at: name).flatMap({ file.section(named: $0) }) else { continue }
      let code = try Instruction.decode(Array(file.bytes(of: section)))
      for symbol in file.symbols where symbol.type == .function && file.section(of: symbol)?.index == section.index {
        let slots = Int(symbol.value) / 8..<Int(symbol.value + symbol.size) / 8
        var function = Function(name: symbol.name, instructions: Array(code[slots]))
        for record in records where slots.contains(Int(record.byteOffset) / 8) {
          function.records.append((Int(record.byteOffset) / 8 - slots.lowerBound, record))
        }
        if !function.records.isEmpty { functions.append(function) }
      }
    }
  }
}

/// The running kernel's types.
enum KernelBTF {
  static let path = "/sys/kernel/btf/vmlinux"
  static let types = Result { try BTFTypes(bytes: [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))) }

  static func modules() throws -> [BTFTypes] {
    let base = try types.get()
    return try FileManager.default.contentsOfDirectory(atPath: "/sys/kernel/btf").sorted().filter { $0 != "vmlinux" }
      .map { try BTFTypes(bytes: [UInt8](Data(contentsOf: URL(fileURLWithPath: "/sys/kernel/btf/" + $0))), base: base) }
  }
}
