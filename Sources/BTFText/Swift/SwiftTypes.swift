// SPDX-License-Identifier: Apache-2.0

public import BTF

/// The Swift definitions of the types that somebody else's text names: ask for each by ``use(_:named:)``, then print all
/// that they need.
public struct SwiftTypes {
  private var file: SwiftDefinitions

  /// A type in Swift.
  public struct Use: Hashable, Sendable {
    /// The type, as in `var x: NAME`.
    public var name: String
    /// Bytes.
    public var size: Int
    /// Whether it is C's `bool`; ``name`` is then `UInt8`, since a byte may be neither 0 nor 1.
    public var isBool = false
    /// Whether it is an array of `char`.
    public var isText = false
    /// Whether a flexible array follows a value, so that records may be longer.
    public var hasTail = false

    public init(name: String, size: Int) {
      self.name = name
      self.size = size
    }
  }

  public init(_ types: BTFTypes, style: SwiftStyle) { file = SwiftDefinitions(types, style) }

  /// A type in Swift, to be defined with the others. A struct, union or enumeration without a name gets this one.
  ///
  /// - Throws: ``BTFError`` for types that contain themselves.
  public mutating func use(_ id: TypeID, named name: String) throws(BTFError) -> Use {
    let spelling = try file.use(id, named: name)
    let size = try file.measure(id)
    var use = Use(name: spelling.name, size: size)
    use.isBool = spelling.isBool
    use.isText = spelling.isText
    use.hasTail = file.style.flexibleProtocol == nil ? false : try file.hasTail(id)
    return use
  }

  /// The definitions, and the functions that they call, which stand outside of any type.
  public mutating func finish() throws(BTFError) -> (definitions: String, helpers: String) {
    try file.finish()
    return (file.text, SwiftPrinter.helpers(file))
  }

  /// What must hold for the layouts to be the kernel's: a condition, and the type or member that it is about.
  public var assertions: [(condition: String, subject: String)] {
    file.assertions.map { ($0.condition, $0.subject) }
  }
}

extension SwiftDefinitions {
  mutating func hasTail(_ id: TypeID) throws(BTFError) -> Bool {
    let end = try types.resolved(id)
    guard types.kind(end) == .structure else { return false }
    return try tail(of: layout(end)) != nil
  }
}
