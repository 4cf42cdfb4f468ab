// SPDX-License-Identifier: Apache-2.0

/// What a generated skeleton is: an object with a typed property for each program, map and global variable.
///
///     let firewall = try DynamicFirewall.load()
///     let link = try firewall.filterPacket.attach(to: .interface("veth0"))
///
/// Skeletons are written by `merops skeleton`, and by the build plugin for each `bpf/NAME.bpf.c` of a target that depends
/// on this library.
public protocol Skeleton: Sendable {
  /// The global variables as they are before the load, when all of them may be set.
  associatedtype OpenGlobals: Sendable

  /// The object, for what has no property in the skeleton.
  var collection: BPFCollection { get }

  /// What was known when the skeleton was made; an object that differs is refused.
  static var layout: SkeletonLayout { get }

  static func openGlobals(_ sections: [SkeletonSection]) -> OpenGlobals

  /// Finds maps and globals of a loaded object.
  init(loaded collection: BPFCollection, _ sections: [SkeletonSection]) throws(BPFError)

  /// - Throws: `sizeMismatch` when a Swift type does not lie in memory as the kernel's does.
  static func checkLayouts() throws(BPFError)
}

/// A skeleton with the object inside.
public protocol EmbeddedSkeleton: Skeleton {
  /// The object file's bytes.
  static var object: [UInt8] { get }
}

/// What a skeleton relies on.
public struct SkeletonLayout: Sendable {
  /// The object's name.
  public var name: String
  /// The sections with global variables that have a property, by name.
  public var sections: [String]
  public var variables: [Variable]

  /// A global variable's place.
  public struct Variable: Sendable {
    /// Index in ``SkeletonLayout/sections``.
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

extension Skeleton {
  /// Opens an object, for changes before it is loaded.
  ///
  /// - Throws: `object` when it is not the object that the skeleton was made from.
  public static func open(
    bytes: [UInt8], options: LoadOptions = LoadOptions()
  ) throws(BPFError) -> OpenedSkeleton<Self> {
    try OpenedSkeleton(BPFCollection(bytes: bytes, name: layout.name, options: options))
  }

  /// Opens an object file, for changes before it is loaded.
  public static func open(path: String, options: LoadOptions = LoadOptions()) throws(BPFError) -> OpenedSkeleton<Self> {
    try OpenedSkeleton(BPFCollection(path: path, options: options))
  }

  /// Attaches every program whose section says where. The links are kept until the collection closes.
  ///
  /// - Returns: what is attached, and in `waiting` what has to be told where: look at it, for those do not run.
  /// - Throws: `BPFError` naming the program; what this call had attached before is detached again.
  public func attachAll() throws(BPFError) -> AttachReport { try collection.attachAll() }

  /// Detaches what ``attachAll()`` attached.
  public func detachAll() { collection.detachAll() }

  /// Detaches all links that the collection keeps, and lets go of programs and maps.
  public func close() { collection.close() }
}

extension EmbeddedSkeleton {
  /// Opens the object inside, for changes before it is loaded.
  public static func open(options: LoadOptions = LoadOptions()) throws(BPFError) -> OpenedSkeleton<Self> {
    try open(bytes: object, options: options)
  }

  /// Loads the object inside into the kernel.
  ///
  /// - Throws: `BPFError` that names the program, map or extern.
  public static func load(options: LoadOptions = LoadOptions()) throws(BPFError) -> Self {
    try open(options: options).load()
  }
}

/// A skeleton's object before it is loaded: globals, sizes of maps and the choice of programs may be changed.
public struct OpenedSkeleton<Loaded: Skeleton>: Sendable {
  /// The object, for changes that have no property.
  public let collection: BPFCollection
  /// All global variables, constants included.
  public let globals: Loaded.OpenGlobals
  private let sections: [SkeletonSection]

  init(_ collection: BPFCollection) throws(BPFError) {
    try Loaded.checkLayouts()
    let spec = collection.spec
    try Loaded.layout.check(spec)
    self.collection = collection
    sections = Loaded.layout.sections.map { SkeletonSection(imageOf: spec[map: $0]) }
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
    var memory: [SkeletonSection] = []
    for name in Loaded.layout.sections { memory.append(try SkeletonSection(memoryOf: collection.map(name))) }
    return try Loaded(loaded: collection, memory)
  }
}
