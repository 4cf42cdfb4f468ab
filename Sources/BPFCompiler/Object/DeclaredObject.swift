// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BTF

/// What a probe's source declares: the finished object is read back and must have it, no more and no less.
///
/// Between the two lie the reading of a compiler's text and LLVM. What either loses without a word would otherwise be
/// found by the kernel, or never.
struct DeclaredObject {
  struct Map: Equatable {
    var type: Int
    var keySize: Int
    var valueSize: Int
    var maxEntries: Int
    var flags: Int
    var hasRecord: Bool
  }

  var license = ""
  /// Sections by name.
  var programs: [String: String] = [:]
  var maps: [String: Map] = [:]
  /// Bytes by name.
  var variables: [String: Int] = [:]
  /// struct_ops tables.
  var tables: Set<String> = []

  /// - Throws: `CompileError` with each difference.
  func check(_ object: [UInt8]) throws(CompileError) {
    let spec: ObjectSpec
    do { spec = try ObjectSpec(bytes: object, name: "probe") } catch {
      throw CompileError("the object that was built cannot be read: \(error)")
    }
    var found = DeclaredObject()
    found.license = spec.license
    for program in spec.programs {
      // A program that is loaded only when it is asked for: `?xdp`.
      found.programs[program.name] = (program.autoload ? "" : "?") + program.sectionName
    }
    for map in spec.maps {
      switch map.section {
      case .structOps: found.tables.insert(map.name)
      case .user:
        found.maps[map.name] = Map(
          type: Int(map.type.rawValue), keySize: Int(map.keySize), valueSize: Int(map.valueSize),
          maxEntries: Int(map.maxEntries), flags: Int(map.flags.rawValue),
          hasRecord: spec.types?.id(named: "\(map.name)__record", kind: .typedef) != nil)
      default: for variable in map.variables { found.variables[variable.name] = Int(variable.size) }
      }
    }
    let differences =
      Self.differences("program", programs, found.programs) { "in section `\($0)`" }
      + Self.differences("map", maps, found.maps) { map in
        "of type \(map.type) with keys of \(map.keySize) bytes, values of \(map.valueSize), \(map.maxEntries) entries, "
          + "flags \(map.flags)\(map.hasRecord ? ", records" : "")"
      } + Self.differences("variable", variables, found.variables) { "of \($0) bytes" }
      + Self.differences(
        "table", Dictionary(uniqueKeysWithValues: tables.map { ($0, true) }),
        Dictionary(uniqueKeysWithValues: found.tables.map { ($0, true) })
      ) { _ in "of operations" }
      + (license == found.license ? [] : ["the license is `\(found.license)`, not `\(license)`"])
    guard differences.isEmpty else {
      throw CompileError(
        "the object that was built is not what the source declares: \(differences.joined(separator: "; ")). The compiler "
          + "wrote something that Merops does not understand: use Swift \(ToolchainCheck.tested.joined(separator: " or ")), "
          + "and report the source")
    }
  }

  private static func differences<Facts: Equatable>(
    _ what: String, _ declared: [String: Facts], _ found: [String: Facts], _ text: (Facts) -> String
  ) -> [String] {
    Set(declared.keys).union(found.keys).sorted().compactMap { name in
      switch (declared[name], found[name]) {
      case (let mine?, nil): "\(what) `\(name)` \(text(mine)) is missing"
      case (nil, let theirs?): "\(what) `\(name)` \(text(theirs)) is not in the source"
      case (let mine?, let theirs?) where mine != theirs: "\(what) `\(name)` is \(text(theirs)), not \(text(mine))"
      default: nil
      }
    }
  }
}
