// SPDX-License-Identifier: Apache-2.0

import BPFSystem
import SystemPackage

/// A network interface, by name or by index, of a network namespace.
///
///     let link = try filter.attach(to: .xdp(interface: "eth0"))
///     let inside = try filter.attach(to: .xdp(interface: Interface("eth0", in: NetworkNamespace(name: "blue"))))
///
/// An index means another device in each namespace, so what is attached to an interface of a namespace, or written to a
/// device map for it, is handed to the kernel from inside that namespace.
public struct Interface: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
  private enum Key: Hashable {
    case name(String)
    case index(UInt32)
  }

  private let key: Key
  /// Where the interface is; nil for the calling thread's namespace.
  public let namespace: NetworkNamespace?

  /// The interface with a name.
  public init(_ name: String, in namespace: NetworkNamespace? = nil) {
    (key, self.namespace) = (.name(name), namespace)
  }

  /// The interface with an index, which is valid in its namespace only.
  public init(index: UInt32, in namespace: NetworkNamespace? = nil) {
    (key, self.namespace) = (.index(index), namespace)
  }

  public init(stringLiteral value: String) { self.init(value) }

  public static func name(_ name: String, in namespace: NetworkNamespace? = nil) -> Interface {
    Interface(name, in: namespace)
  }

  public static func index(_ index: UInt32, in namespace: NetworkNamespace? = nil) -> Interface {
    Interface(index: index, in: namespace)
  }

  public var description: String {
    let interface =
      switch key {
      case .name(let name): name
      case .index(let index): "interface \(index)"
      }
    return namespace.map { "\(interface) in \($0)" } ?? interface
  }

  /// The kernel's index of it, valid in its namespace.
  ///
  /// - Throws: ``BPFError/Code/notFound`` for a name that the namespace does not have.
  public func resolved() throws(BPFError) -> UInt32 { try resolved { $0 } }

  /// Does something with the index on a thread that is in the interface's namespace.
  func resolved<Value: ~Copyable>(_ body: (UInt32) throws(BPFError) -> Value) throws(BPFError) -> Value {
    try NetworkNamespace.run(in: namespace) { () throws(BPFError) in
      switch key {
      case .index(let index): return try body(index)
      case .name(let name):
        guard let index = NetworkInterface.index(ofName: name) else {
          let place = namespace?.description ?? "the network namespace of this thread"
          throw BPFError(
            .notFound, "looking for interface \(self)", detail: "\(place) does not have it",
            hint: "list the interfaces with `ip link`")
        }
        return try body(index)
      }
    }
  }
}

extension Map where Value == DeviceTarget {
  /// Writes the entry that redirects packets to an interface. The kernel resolves the interface's index in the namespace
  /// of whoever writes, so this writes from inside the interface's namespace.
  ///
  /// - Parameters:
  ///   - interface: where packets are sent; may be of another namespace.
  ///   - program: an XDP program (`SEC("xdp/devmap")`) that sees the packets on their way out.
  public func set(_ interface: Interface, program: Program? = nil, for key: Key) throws(BPFError) {
    try interface.resolved { (index) throws(BPFError) in
      try set(DeviceTarget(interfaceIndex: index, program: program?.fd ?? -1), for: key)
    }
  }
}
