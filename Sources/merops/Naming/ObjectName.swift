// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// How the command line names a map, program or link: by id, by name, or by the path that it is pinned at.
enum ObjectName: ExpressibleByArgument, CustomStringConvertible {
  case id(UInt32)
  case name(String)
  case path(String)

  /// Digits are an id, what holds a slash is a path, the rest a name.
  init?(argument: String) {
    guard !argument.isEmpty else { return nil }
    if let id = UInt32(argument) {
      self = .id(id)
    } else if argument.contains("/") {
      self = .path(argument)
    } else {
      self = .name(argument)
    }
  }

  var description: String {
    switch self {
    case .id(let id): "\(id)"
    case .name(let name): name
    case .path(let path): path
    }
  }
}
