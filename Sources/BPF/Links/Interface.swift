// SPDX-License-Identifier: Apache-2.0

import BPFSystem
import SystemPackage

/// A network interface of the calling thread's network namespace, by name or by index.
public enum Interface: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
  case name(String)
  case index(UInt32)

  public init(stringLiteral value: String) { self = .name(value) }

  public var description: String {
    switch self {
    case .name(let name): name
    case .index(let index): "interface \(index)"
    }
  }

  /// The kernel's index of it.
  func resolved() throws(BPFError) -> UInt32 {
    switch self {
    case .index(let index): return index
    case .name(let name):
      guard let index = NetworkInterface.index(ofName: name) else {
        throw BPFError(.notFound, "looking for interface \(name)", hint: "list the interfaces with `ip link`")
      }
      return index
    }
  }
}
