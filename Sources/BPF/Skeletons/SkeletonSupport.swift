// SPDX-License-Identifier: Apache-2.0

/// What generated skeletons are made of. Only they use it; you meet its types as properties of a skeleton.
public enum SkeletonSupport {
  /// A skeleton with the object inside.
  public protocol Embedded: Skeleton {
    /// The object file's bytes.
    static var object: [UInt8] { get }
  }

  /// The state of a skeleton's globals: ``Open`` or ``Running``.
  public protocol Phase: Sendable {}
  /// Before the load: every global may be set.
  public enum Open: Phase {}
  /// In the kernel: constants are read only.
  public enum Running: Phase {}

  /// Decodes base64. A `StaticString` of it compiles twenty times faster than an array literal.
  public static func decode(_ text: StaticString) -> [UInt8] {
    text.withUTF8Buffer { text in
      [UInt8](unsafeUninitializedCapacity: text.count / 4 * 3) { bytes, count in
        var word: UInt32 = 0
        for (index, character) in text.enumerated() where character != UInt8(ascii: "=") {
          word = word << 6 | digit(character)
          if index & 3 != 0 {
            bytes[count] = UInt8(truncatingIfNeeded: word >> (6 - 2 * UInt32(index & 3)))
            count += 1
          }
        }
      }
    }
  }

  private static func digit(_ character: UInt8) -> UInt32 {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character) - 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character) - 71
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character) + 4
    case UInt8(ascii: "+"): 62
    default: 63
    }
  }

  /// What a skeleton relies on.
  public struct Layout: Sendable {
    /// The object's name.
    public var name: String
    /// The sections with global variables that have a property, by name.
    public var sections: [String]
    public var variables: [Variable]

    /// A global variable's place.
    public struct Variable: Sendable {
      /// Index in ``Layout/sections``.
      public var section: Int
      public var name: String
      /// Bytes from the start of the section.
      public var offset: Int
      public var size: Int
      /// Of the Swift type.
      public var alignment: Int

      public init(_ section: Int, _ name: String, offset: Int, size: Int, alignment: Int = 1) {
        self.section = section
        self.name = name
        self.offset = offset
        self.size = size
        self.alignment = alignment
      }
    }

    public init(_ name: String, sections: [String], variables: [Variable]) {
      self.name = name
      self.sections = sections
      self.variables = variables
    }

    /// - Throws: `object` when a variable is not where it was.
    func check(_ spec: ObjectSpec) throws(BPFError) {
      for variable in variables {
        let section = sections[variable.section]
        let found = spec[map: section]?.variables.first { $0.name == variable.name }
        guard let found, found.offset == variable.offset, found.size == variable.size,
          variable.offset % max(variable.alignment, 1) == 0
        else {
          throw BPFError(
            .object, "opening \(name)",
            detail: "global \(variable.name) is not the \(variable.size) bytes at \(variable.offset) of \(section)",
            hint: "the object is not the one that the skeleton was made from: make it again")
        }
      }
    }

    /// Throws where a condition does not hold: `checkLayouts()` of a skeleton calls it.
    public static func require(_ condition: Bool, _ subject: StaticString) throws(BPFError) {
      guard condition else {
        throw BPFError(
          .sizeMismatch, "checking the layout of \(subject)",
          detail: "Swift does not place it as the kernel program does",
          hint: "make the skeleton again with this version of merops")
      }
    }
  }

  /// A skeleton's object before it is loaded: globals, sizes of maps and the choice of programs may be changed.
  public struct Opened<Loaded: Skeleton>: Sendable {
    /// The object, for changes that have no property.
    public let collection: BPFCollection
    /// All global variables, constants included.
    public let globals: Loaded.OpenGlobals
    private let sections: [SkeletonSupport.Section]

    init(_ collection: BPFCollection) throws(BPFError) {
      try Loaded.checkLayouts()
      let spec = collection.spec
      try Loaded.layout.check(spec)
      self.collection = collection
      sections = Loaded.layout.sections.map { Section(imageOf: spec[map: $0]) }
      globals = Loaded.openGlobals(sections)
    }

    /// Loads maps and programs into the kernel.
    ///
    /// - Throws: `BPFError` that names the program, map or extern.
    public func load() throws(BPFError) -> Loaded {
      for (name, section) in zip(Loaded.layout.sections, sections) where section.isChanged {
        try collection.change(map: name) { section.apply(to: &$0) }
      }
      try collection.load()
      var memory: [SkeletonSupport.Section] = []
      for name in Loaded.layout.sections { memory.append(try Section(memoryOf: collection.map(name))) }
      return try Loaded(loaded: collection, memory)
    }
  }
}
