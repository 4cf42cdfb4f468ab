// SPDX-License-Identifier: Apache-2.0

/// How a function or variable is visible: `enum btf_func_linkage` and `BTF_VAR_*`, which share their numbers.
public struct BTFLinkage: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// `BTF_FUNC_STATIC`, `BTF_VAR_STATIC`
  public static let `static` = BTFLinkage(rawValue: 0)
  /// `BTF_FUNC_GLOBAL`, `BTF_VAR_GLOBAL_ALLOCATED`
  public static let global = BTFLinkage(rawValue: 1)
  /// `BTF_FUNC_EXTERN`, `BTF_VAR_GLOBAL_EXTERN`
  public static let extern = BTFLinkage(rawValue: 2)
}

extension BTFLinkage: CustomStringConvertible {
  public var description: String {
    switch self {
    case .static: "static"
    case .global: "global"
    case .extern: "extern"
    default: "linkage(\(rawValue))"
    }
  }
}

/// A function: `BTF_KIND_FUNC`.
public struct BTFFunction: Hashable, Sendable {
  public var name: String
  /// Its prototype.
  public var type: TypeID
  public var linkage: BTFLinkage

  public init(name: String, type: TypeID, linkage: BTFLinkage) {
    self.name = name
    self.type = type
    self.linkage = linkage
  }
}

/// The parameters and result of a function: `BTF_KIND_FUNC_PROTO`.
public struct BTFPrototype: Hashable, Sendable {
  /// What the function returns; `void` (0) for nothing.
  public var result: TypeID
  public var parameters: [Parameter]

  public init(result: TypeID, parameters: [Parameter]) {
    self.result = result
    self.parameters = parameters
  }

  /// Whether the function takes more arguments than are named: the last parameter has neither name nor type.
  public var isVariadic: Bool { parameters.last.map { $0.type.isVoid && $0.name.isEmpty } ?? false }

  public struct Parameter: Hashable, Sendable {
    /// Empty in the prototype of a function pointer.
    public var name: String
    public var type: TypeID

    public init(name: String, type: TypeID) {
      self.name = name
      self.type = type
    }
  }
}

/// A global variable: `BTF_KIND_VAR`.
public struct BTFVariable: Hashable, Sendable {
  public var name: String
  public var type: TypeID
  public var linkage: BTFLinkage

  public init(name: String, type: TypeID, linkage: BTFLinkage) {
    self.name = name
    self.type = type
    self.linkage = linkage
  }
}

/// An ELF section with its variables: `BTF_KIND_DATASEC`.
public struct BTFDataSection: Hashable, Sendable {
  /// The section's name with its dot, such as `.rodata`.
  public var name: String
  /// Bytes; 0 as clang writes it, before a loader or linker fills it in.
  public var size: Int
  public var entries: [Entry]

  public init(name: String, size: Int, entries: [Entry]) {
    self.name = name
    self.size = size
    self.entries = entries
  }

  /// Where one variable (or, in `.ksyms`, function) lies.
  public struct Entry: Hashable, Sendable {
    /// A `BTF_KIND_VAR` or `BTF_KIND_FUNC`.
    public var type: TypeID
    /// Bytes from the start of the section.
    public var offset: Int
    /// Bytes.
    public var size: Int

    public init(type: TypeID, offset: Int, size: Int) {
      self.type = type
      self.offset = offset
      self.size = size
    }
  }
}
