// SPDX-License-Identifier: Apache-2.0

public import BPFObject
public import BTF
public import BTFText

/// The Swift source of an object's skeleton: a type with a typed property for each program, map and global variable, and
/// structs for the types that those have.
///
/// The text is the same on every machine. It imports `BPF` and nothing else.
public struct SkeletonSource: Sendable {
  public var spec: ObjectSpec
  /// The name of the type.
  public var typeName: String
  public var access = SwiftStyle.Access.internal
  public var object = Object.absent
  /// What the text says it was made from.
  public var origin: String
  /// The types of maps' records, by the map's name, where the object does not name them, or names another.
  public var recordTypes: [String: TypeID] = [:]

  /// Names of structs in sources that the kernel program and the application both compile: the skeleton uses the
  /// application's.
  public var sharedTypes: Set<String> = []

  /// Where the skeleton has the object from.
  public enum Object: Sendable {
    /// The object file's bytes, to be inside the text; DWARF is left out.
    case embedded([UInt8])
    /// A Swift expression of type `[UInt8]`.
    case expression(String)
    /// None: the application opens it from a path or bytes.
    case absent
  }

  /// - Parameters:
  ///   - spec: the object.
  ///   - typeName: nil for the object's name in Swift's form: `dynamic_firewall` is `DynamicFirewall`.
  public init(_ spec: ObjectSpec, typeName: String? = nil) {
    self.spec = spec
    self.typeName = typeName ?? Self.typeName(spec.name)
    origin = "\(spec.name).bpf.o"
  }

  /// The type's name for an object's: `dynamic_firewall` is `DynamicFirewall`.
  public static func typeName(_ object: String) -> String {
    let name = SwiftStyle.typeName(object)
    guard !isTypeName(name) else { return name }
    let letters = String(String.UnicodeScalarView(name.unicodeScalars.filter(\.properties.isXIDContinue)))
    guard letters.unicodeScalars.first?.properties.isXIDStart ?? false else { return "Object\(letters)" }
    // `any` would be AnyObject.
    return isTypeName("\(letters)Object") ? "\(letters)Object" : "\(letters)Skeleton"
  }

  /// Whether a type can be called that, and hides nothing that the text or an application beside it means by the name.
  public static func isTypeName(_ name: String) -> Bool {
    guard let first = name.unicodeScalars.first, first.properties.isXIDStart || first == "_" else { return false }
    return name.unicodeScalars.allSatisfy(\.properties.isXIDContinue)
      && !ForeignNames.all.contains(name) && !SwiftNames.standard.contains(name)
      && !["Any", "Self", "Type", "Protocol", "Objects", "Globals", "OpenGlobals", "Opened", "Phase", "_"].contains(
        name)
      && SwiftNames.escaped(name) == name
  }

  /// The source.
  ///
  /// - Throws: `BTFError` for types that contain themselves.
  public func text() throws(BTFError) -> String {
    var writer = SkeletonWriter(self)
    return try writer.write()
  }

  /// How the object's types are spelled.
  var style: SwiftStyle {
    var style = SwiftStyle()
    style.access = access
    style.convertsNames = true
    style.container = typeName
    style.reserved = ["BPF", "Globals", "OpenGlobals", "Phase", "Objects", "Self", "Type", typeName]
    style.hasText = true
    style.flexibleProtocol = "BPF.FlexibleRecord"
    style.substitutes = [
      "struct in_addr": SwiftStyle.Substitute("BPF.IPv4Address", zero: ".any", size: 4),
      "struct in6_addr": SwiftStyle.Substitute("BPF.IPv6Address", zero: ".any", size: 16),
      // Of kernel programs in Swift: BPFKernel has the same types by the same names.
      "struct IPv4Address": SwiftStyle.Substitute("BPF.IPv4Address", zero: ".any", size: 4),
      "struct IPv6Address": SwiftStyle.Substitute("BPF.IPv6Address", zero: ".any", size: 16),
      "struct MACAddress": SwiftStyle.Substitute("BPF.MACAddress", zero: "btfZero()", size: 6),
      "__be16": SwiftStyle.Substitute("BPF.BigEndian<UInt16>", zero: "0", size: 2),
      "__be32": SwiftStyle.Substitute("BPF.BigEndian<UInt32>", zero: "0", size: 4),
      "__be64": SwiftStyle.Substitute("BPF.BigEndian<UInt64>", zero: "0", size: 8),
    ]
    for name in sharedTypes {
      style.substitutes["struct \(name)"] = SwiftStyle.Substitute(name, zero: "btfZero()", size: nil)
      style.reserved.insert(name)
    }
    return style
  }
}
