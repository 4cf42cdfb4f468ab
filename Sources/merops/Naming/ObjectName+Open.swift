// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BPF

extension ObjectName {
  /// Opens the program that is meant.
  ///
  /// - Throws: when there is none, or when several have the name: then their ids are listed.
  func program() throws -> Program {
    switch self {
    case .id(let id): return try Program(id: id)
    case .path(let path): return try Program(pinned: path)
    case .name(let name):
      let found = try Program.named(name)
      return try single(found, "program", ids: found.map { try $0.id() })
    }
  }

  func map(access: MapAccess = .readWrite) throws -> AnyMap {
    switch self {
    case .id(let id): return try AnyMap(id: id, access: access)
    case .path(let path): return try AnyMap(pinned: path, access: access)
    case .name(let name):
      let found = try AnyMap.all(named: name)
      let info = try single(found, "map", ids: found.map(\.id))
      return try AnyMap(id: info.id, access: access)
    }
  }

  /// Links have no names of their own: a name is that of the program that is attached.
  func link() throws -> Link {
    switch self {
    case .id(let id): return try Link.open(id: id)
    case .path(let path): return try Link.open(pinned: path)
    case .name(let name):
      let programs = try Set(Program.named(name).map { try $0.id() })
      let ids = try Link.ids().filter { id in
        guard let information = try? Link.open(id: id).info() else { return false }
        return programs.contains(information.programID)
      }
      return try Link.open(id: single(ids, "link of a program", ids: ids))
    }
  }

  private func single<Element>(_ found: [Element], _ kind: String, ids: [UInt32]) throws -> Element {
    guard let first = found.first else {
      throw Refusal("there is no \(kind) named '\(self)'; `merops \(Self.noun(kind)) list` shows what there is")
    }
    guard found.count == 1 else {
      let list = ids.map(String.init).joined(separator: ", ")
      throw Refusal("\(found.count) \(Self.plural(kind)) are named '\(self)': use one of the ids \(list)")
    }
    return first
  }

  private static func plural(_ kind: String) -> String {
    kind.hasPrefix("link") ? kind.replacing("link", with: "links", maxReplacements: 1) : kind + "s"
  }

  private static func noun(_ kind: String) -> String {
    kind == "program" ? "prog" : kind == "map" ? "map" : "link"
  }
}
