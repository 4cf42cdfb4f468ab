// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFObject
import BTF
import BTFCoding
import BTFText

/// What `merops object inspect` prints.
struct ObjectReport: Report {
  var spec: ObjectSpec

  var text: String {
    var parts = ["license: \(spec.license.isEmpty ? "none" : spec.license)"]
    if spec.types == nil { parts[0] += "\ntypes: none (no .BTF section)" }

    var programs = Table("PROGRAM", "SECTION", "TYPE", "ATTACHES", "INSTRUCTIONS", "CO-RE")
    for program in spec.programs {
      let linked = try? program.linked()
      programs.row(
        program.name, (program.autoload ? "" : "?") + program.sectionName, "\(program.type)",
        program.attachType.map { "\($0)" } ?? "-", "\(linked?.instructions.count ?? program.instructionCount)",
        "\(linked?.core.count ?? 0)")
    }
    if !programs.isEmpty { parts.append(programs.text) }

    var maps = Table("MAP", "TYPE", "KEY", "VALUE", "ENTRIES", "FLAGS", "PINNED")
    for map in spec.maps {
      maps.row(
        map.name, "\(map.type)", describe(map.keyType, map.keySize), describe(map.valueType, map.valueSize),
        "\(map.maxEntries)", map.flags.isEmpty ? "-" : "0x" + String(map.flags.rawValue, radix: 16),
        map.pinning == .byName ? "by name" : "-")
    }
    if !maps.isEmpty { parts.append(maps.text) }

    var variables = Table("VARIABLE", "MAP", "OFFSET", "SIZE", "TYPE")
    for map in spec.maps {
      for variable in map.variables {
        variables.row(variable.name, map.name, "\(variable.offset)", "\(variable.size)", typeName(variable.type) ?? "-")
      }
    }
    if !variables.isEmpty { parts.append(variables.text) }

    var externs = Table("EXTERN", "KIND", "WEAK")
    for extern in spec.externs { externs.row(extern.name, Self.kind(extern.kind), extern.isWeak ? "yes" : "no") }
    if !externs.isEmpty { parts.append(externs.text) }
    return parts.joined(separator: "\n\n")
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.field("name", spec.name)
    json.field("license", spec.license)
    json.key("has_btf")
    json.bool(spec.types != nil)
    json.key("programs")
    json.beginArray()
    for program in spec.programs { write(program, to: &json) }
    json.endArray()
    json.key("maps")
    json.beginArray()
    for map in spec.maps { write(map, to: &json) }
    json.endArray()
    json.key("externs")
    json.beginArray()
    for extern in spec.externs {
      json.beginObject()
      json.field("name", extern.name)
      json.field("kind", Self.kind(extern.kind))
      json.key("weak")
      json.bool(extern.isWeak)
      json.endObject()
    }
    json.endArray()
    json.endObject()
  }

  private func write(_ program: ProgramSpec, to json: inout JSONWriter) {
    json.beginObject()
    json.field("name", program.name)
    json.field("section", program.sectionName)
    json.field("type", "\(program.type)")
    if let attachType = program.attachType { json.field("attach_type", "\(attachType)") }
    if let target = program.attachTarget { json.field("attach_target", target) }
    json.key("autoload")
    json.bool(program.autoload)
    if let linked = try? program.linked() {
      json.field("instructions", linked.instructions.count)
      json.field("core_relocations", linked.core.count)
    }
    json.endObject()
  }

  private func write(_ map: MapSpec, to json: inout JSONWriter) {
    json.beginObject()
    json.field("name", map.name)
    json.field("type", "\(map.type)")
    json.field("key_size", map.keySize)
    json.field("value_size", map.valueSize)
    if let name = typeName(map.keyType) { json.field("key_type", name) }
    if let name = typeName(map.valueType) { json.field("value_type", name) }
    json.field("max_entries", map.maxEntries)
    json.field("flags", map.flags.rawValue)
    json.key("pinned_by_name")
    json.bool(map.pinning == .byName)
    json.key("variables")
    json.beginArray()
    for variable in map.variables {
      json.beginObject()
      json.field("name", variable.name)
      json.field("offset", variable.offset)
      json.field("size", variable.size)
      if let name = typeName(variable.type) { json.field("type", name) }
      json.endObject()
    }
    json.endArray()
    json.endObject()
  }

  /// `u32 (4 bytes)`, or the size alone.
  private func describe(_ type: TypeID?, _ size: UInt32) -> String {
    guard size > 0 else { return "-" }
    return typeName(type).map { "\($0) (\(size))" } ?? "\(size) bytes"
  }

  private func typeName(_ id: TypeID?) -> String? {
    guard let id, let types = spec.types, types.kind(id) != .dataSection else { return nil }
    return types.declaration(of: id)
  }

  private static func kind(_ kind: ExternSpec.Kind) -> String {
    switch kind {
    case .kfunc: "kernel function"
    case .ksymTyped: "kernel variable"
    case .ksymTypeless: "kernel address"
    case .kconfig: "kernel configuration"
    }
  }
}
