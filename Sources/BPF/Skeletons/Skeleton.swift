// SPDX-License-Identifier: Apache-2.0

/// What a generated skeleton is: an object with a typed property for each program, map and global variable.
///
///     let firewall = try DynamicFirewall.load()
///     let link = try firewall.filterPacket.attach(to: .interface("veth0"))
///
/// `merops skeleton` writes skeletons, and so does the build plugin for each `bpf/NAME.bpf.c` and `bpf/NAME.bpf.swift` of a
/// target that depends on this library.
public protocol Skeleton: Sendable {
  /// The global variables before the load, when you can set all of them.
  associatedtype OpenGlobals: Sendable

  /// The object, for what has no property in the skeleton.
  var collection: BPFCollection { get }

  /// What the skeleton knows of its object. It rejects an object that differs.
  static var layout: SkeletonSupport.Layout { get }

  static func openGlobals(_ sections: [SkeletonSupport.Section]) -> OpenGlobals

  /// Finds the maps and globals of a loaded object.
  init(loaded collection: BPFCollection, _ sections: [SkeletonSupport.Section]) throws(BPFError)

  /// - Throws: `sizeMismatch` if a Swift type does not have the layout of the kernel program's.
  static func checkLayouts() throws(BPFError)
}

extension Skeleton {
  /// The object before it is loaded.
  public typealias Opened = SkeletonSupport.Opened<Self>

  /// Opens an object, for changes before it is loaded.
  ///
  /// - Throws: `object` if it is not the object that the skeleton was made from.
  public static func open(
    bytes: [UInt8], options: LoadOptions = LoadOptions()
  ) throws(BPFError) -> Opened {
    try Opened(BPFCollection(bytes: bytes, name: layout.name, options: options))
  }

  /// Opens an object file, for changes before it is loaded.
  public static func open(path: String, options: LoadOptions = LoadOptions()) throws(BPFError) -> Opened {
    try Opened(BPFCollection(path: path, options: options))
  }

  /// Attaches every program whose section says where. The collection keeps the links until it closes.
  ///
  /// - Returns: what is attached, and in `waiting` the programs that you have to attach yourself: they do not run yet.
  /// - Throws: `BPFError` that names the program. The links that this call had made before are detached again.
  public func attachAll() throws(BPFError) -> BPFCollection.AttachReport { try collection.attachAll() }

  /// Detaches what ``attachAll()`` attached.
  public func detachAll() { collection.detachAll() }

  /// Detaches all links that the collection keeps, and closes its programs and maps.
  public func close() { collection.close() }
}

extension SkeletonSupport.Embedded {
  /// Opens the object inside, for changes before it is loaded.
  public static func open(options: LoadOptions = LoadOptions()) throws(BPFError) -> Opened {
    try open(bytes: object, options: options)
  }

  /// Loads the object inside into the kernel.
  ///
  /// - Throws: `BPFError` that names the program, map or extern.
  public static func load(options: LoadOptions = LoadOptions()) throws(BPFError) -> Self {
    try open(options: options).load()
  }
}
