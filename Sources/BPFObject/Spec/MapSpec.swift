// SPDX-License-Identifier: Apache-2.0

public import BPFValues
public import BTF

/// One map of an object: its shape and what it is filled with.
public struct MapSpec: Sendable {
  public var name: String
  public var type: MapType
  /// Bytes of a key; 0 for maps without keys.
  public var keySize: UInt32
  /// Bytes of a value; 0 for maps without values.
  public var valueSize: UInt32
  /// Elements; bytes for a ring buffer; pages for an arena. As written in the object: a ring buffer's may need rounding
  /// to pages, a perf event array's may be 0, meaning one for each CPU.
  public var maxEntries: UInt32
  public var flags: MapFlags
  /// The key's type in the object's BTF, if known.
  public var keyType: TypeID?
  /// The value's type in the object's BTF, if known; for a map of global variables the section's `BTF_KIND_DATASEC`.
  public var valueType: TypeID?
  /// For rings and perf event arrays, the type of the records in the object's BTF, if the definition says: as `value`, or
  /// as what the array is made of whose length is the map's type: `struct event (*type)[BPF_MAP_TYPE_RINGBUF]`, which all
  /// other loaders take for the number. See ``RecordTypes`` for objects that do not say.
  public var recordType: TypeID?
  /// What the map is filled with when it is created.
  public var contents: Contents
  /// Whether the object asks for the map to be shared by name.
  public var pinning: MapPinning
  /// The memory node for the map's elements; counts only with ``MapFlags/numaNode``.
  public var numaNode: UInt32
  /// `map_extra`: for a bloom filter the number of hashes, for an arena its address in user space.
  public var extra: UInt64
  /// Where in the object the map comes from.
  public var section: Section
  /// The name of the ELF section, such as `.rodata.strings`; ``name`` is what the kernel gets.
  public var sectionName: String
  /// For maps of global variables, all that are known by name, ascending by offset.
  public var variables: [VariableSpec]
  /// For struct_ops maps: which programs implement the interface.
  public var operations: [StructOperation]
  /// Whether the map is created with its object; false for struct_ops sections whose name starts with `?`.
  public var autocreate: Bool
  /// Holds ``inner``, since a value cannot contain one of its own type.
  private var innerStorage: [MapSpec]

  /// For maps of maps, the shape of the maps it holds.
  public var inner: MapSpec? {
    get { innerStorage.first }
    set { innerStorage = newValue.map { [$0] } ?? [] }
  }

  public init(
    name: String, type: MapType, keySize: UInt32, valueSize: UInt32, maxEntries: UInt32, flags: MapFlags = [],
    keyType: TypeID? = nil, valueType: TypeID? = nil, inner: MapSpec? = nil, contents: Contents = .none,
    pinning: MapPinning = .none, numaNode: UInt32 = 0, extra: UInt64 = 0, section: Section = .user,
    sectionName: String = "", variables: [VariableSpec] = [], operations: [StructOperation] = []
  ) {
    self.name = name
    self.type = type
    self.keySize = keySize
    self.valueSize = valueSize
    self.maxEntries = maxEntries
    self.flags = flags
    self.keyType = keyType
    self.valueType = valueType
    self.contents = contents
    self.pinning = pinning
    self.numaNode = numaNode
    self.extra = extra
    self.section = section
    self.sectionName = sectionName
    self.variables = variables
    self.operations = operations
    self.autocreate = true
    self.innerStorage = inner.map { [$0] } ?? []
  }

  /// What a map is filled with when it is created.
  public enum Contents: Hashable, Sendable {
    /// Nothing: zeroes, or no elements.
    case none
    /// The map's one value: global variables, a struct_ops implementation, the globals at the end of an arena.
    case bytes([UInt8])
    /// Elements of a program array or map of maps, by index.
    case slots([Int: SlotTarget])
  }

  /// What an element of a program array or map of maps is.
  public enum SlotTarget: Hashable, Sendable {
    /// A program of the same object, by name.
    case program(String)
    /// A map of the same object, by index in ``ObjectSpec/maps``.
    case map(Int)
  }

  /// Where in the object a map comes from.
  public enum Section: Hashable, Sendable {
    /// Defined by the source, in `.maps` or a legacy `maps` section.
    case user
    /// `.data`, `.data.*`: initialised variables.
    case data
    /// `.rodata`, `.rodata.*`: constants. The map is to be frozen when it is filled.
    case rodata
    /// `.bss`, `.bss.*`: variables that start as zero.
    case bss
    /// Externs that the kernel's configuration fills. The map is to be frozen when it is filled.
    case kconfig
    /// `.struct_ops`, `.struct_ops.link`
    case structOps

    /// Whether the map's one value is made of global variables.
    public var isData: Bool {
      switch self {
      case .data, .rodata, .bss, .kconfig: true
      case .user, .structOps: false
      }
    }

    /// Whether the map is to be frozen once it is filled, so that the verifier takes its contents for constants.
    public var isFrozen: Bool { self == .rodata || self == .kconfig }
  }

  /// One function pointer of a struct_ops value.
  public struct StructOperation: Hashable, Sendable {
    /// The member's name, such as `ssthresh`.
    public var member: String
    /// The member's position in the struct, counted from 0.
    public var index: Int
    /// Bytes from the start of the struct in the object's own type.
    public var offset: Int
    /// The program, by name.
    public var program: String

    public init(member: String, index: Int, offset: Int, program: String) {
      self.member = member
      self.index = index
      self.offset = offset
      self.program = program
    }
  }
}
