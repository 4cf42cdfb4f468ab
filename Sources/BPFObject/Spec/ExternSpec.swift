// SPDX-License-Identifier: Apache-2.0

public import BTF

/// Something that an object uses and the kernel has to provide.
public struct ExternSpec: Hashable, Sendable {
  /// The name in the object. The kernel is asked for the part before a `___` suffix.
  public var name: String
  public var kind: Kind
  /// Whether the object can do without.
  public var isWeak: Bool

  public init(name: String, kind: Kind, isWeak: Bool = false) {
    self.name = name
    self.kind = kind
    self.isWeak = isWeak
  }

  /// The name without a `___flavor` suffix: what the kernel calls it.
  public var essentialName: String {
    let bytes = Array(name.utf8)
    let underscore = UInt8(ascii: "_")
    guard bytes.count >= 5 else { return name }
    for start in stride(from: bytes.count - 5, through: 0, by: -1) {
      // Three underscores that are neither more, nor at the start, nor at the end.
      if bytes[start] != underscore, bytes[start + 1...start + 3].allSatisfy({ $0 == underscore }),
        bytes[start + 4] != underscore
      {
        return String(decoding: bytes[...start], as: UTF8.self)
      }
    }
    return name
  }

  /// What is asked for.
  public enum Kind: Hashable, Sendable {
    /// A kernel function; `type` is its prototype in the object's BTF.
    case kfunc(type: TypeID)
    /// A kernel variable, by BTF; the type in the object's BTF.
    case ksymTyped(TypeID)
    /// The address of a kernel symbol.
    case ksymTypeless
    /// A value of the kernel's configuration, at `offset` of the `.kconfig` map, `size` bytes.
    case kconfig(type: TypeID, format: KconfigFormat, offset: Int, size: Int)
  }

  /// How a value of the kernel's configuration is stored.
  public enum KconfigFormat: Hashable, Sendable {
    /// One byte, 0 or 1.
    case bool
    /// `enum libbpf_tristate`: 0 no, 1 yes, 2 module.
    case tristate
    /// One byte, from `y`, `n`, `m` or a number.
    case character(isSigned: Bool)
    /// A number of the variable's size.
    case integer(isSigned: Bool)
    /// A string with its final zero.
    case characters
  }
}
