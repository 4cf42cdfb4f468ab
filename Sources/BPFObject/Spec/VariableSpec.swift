// SPDX-License-Identifier: Apache-2.0

public import BTF

/// A global variable of an object, inside the value of one of its maps.
public struct VariableSpec: Hashable, Sendable {
  public var name: String
  /// Bytes from the start of the map's value.
  public var offset: Int
  /// Bytes.
  public var size: Int
  /// The variable's type in the object's BTF; nil if the object has none.
  public var type: TypeID?
  /// Whether other files can see it: false for `static` and hidden variables.
  public var isGlobal: Bool

  public init(name: String, offset: Int, size: Int, type: TypeID?, isGlobal: Bool = true) {
    self.name = name
    self.offset = offset
    self.size = size
    self.type = type
    self.isGlobal = isGlobal
  }
}
