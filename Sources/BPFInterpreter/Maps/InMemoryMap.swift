// SPDX-License-Identifier: Apache-2.0

public import BPFObject

/// A map of an interpreter: the same contents, limits and answers as the kernel's, in memory.
///
/// A test fills it before a run and looks at it afterwards, as bytes here or with types through ``TypedMap``.
public final class InMemoryMap {
  /// What the object states about it.
  public let spec: MapSpec
  public var name: String { spec.name }
  public var type: MapType { spec.type }
  /// How many CPUs have values of their own in a per-CPU map.
  public let cpuCount: Int

  let kind: Kind
  /// Its place in the interpreter's table of maps.
  let id: Int
  let space: AddressSpace
  let keySize: Int
  let valueSize: Int
  let maxEntries: Int
  /// Bytes from one value to the next.
  let stride: Int

  /// The region of all values; 0 for maps without.
  var region = 0
  /// How many slots the region has room for.
  var capacity = 0
  var index: HashIndex
  var order = UseOrder()
  /// LPM trie: how many entries there are of each prefix length, longest first.
  var prefixes: [(length: UInt32, count: Int)] = []
  /// Queue and stack: slots in the order of arrival.
  var sequence: [Int] = []
  var freeSlots: [Int] = []
  /// Ring and perf buffers: what was sent and not yet taken.
  var sent: [Record] = []
  var usedBytes = 0
  /// Records that did not fit.
  var lostCount = 0
  /// Program arrays: names by index.
  var programs: [Int: String] = [:]
  /// Maps of maps: by slot.
  var innerMaps: [Int: InMemoryMap] = [:]
  /// User ring buffers: what user space sent.
  var pending: [[UInt8]] = []

  /// How a type of map works.
  enum Kind {
    case array, hash, lru, trie, queue, stack, bloom, ring, userRing, perf, programs, storage, arena, opaque
  }

  init(_ spec: MapSpec, id: Int, space: AddressSpace, cpuCount: Int) throws(InterpreterError) {
    self.spec = spec
    self.id = id
    self.space = space
    kind = InMemoryMap.kind(of: spec.type)
    let isPerCPU = spec.type.hasValuePerCPU
    self.cpuCount = isPerCPU ? max(1, cpuCount) : 1
    // An object that names no key size means the kernel's own.
    keySize = kind == .storage ? 8 : Int(spec.keySize)
    valueSize = spec.type.isMapOfMaps || kind == .programs || kind == .perf ? 4 : Int(spec.valueSize)
    maxEntries = kind == .storage || kind == .perf && spec.maxEntries == 0 ? 1 << 20 : Int(spec.maxEntries)
    stride = max(8, (valueSize + 7) / 8 * 8)
    index = HashIndex(keySize: kind == .bloom ? valueSize : keySize)
    guard keySize <= 1 << 20, valueSize <= 1 << 28 else {
      throw InterpreterError(.invalidProgram, "map \(spec.name): keys of \(keySize), values of \(valueSize) bytes")
    }
    switch kind {
    case .hash, .lru, .trie:
      guard keySize > 0 else {
        throw InterpreterError(.invalidProgram, "map \(spec.name): keys must have at least one byte")
      }
      // LPM_DATA_SIZE_MAX
      guard kind != .trie || (5...260).contains(keySize) else {
        throw InterpreterError(.invalidProgram, "map \(spec.name): a trie's keys have 5 to 260 bytes, not \(keySize)")
      }
    case .bloom, .queue, .stack:
      guard valueSize > 0 else {
        throw InterpreterError(.invalidProgram, "map \(spec.name): values must have at least one byte")
      }
    default: break
    }
    if kind == .array {
      guard keySize == 4 else {
        throw InterpreterError(.invalidProgram, "map \(spec.name): an array's keys have 4 bytes, not \(keySize)")
      }
      try reserve(maxEntries)
      if case .bytes(let bytes) = spec.contents { fill(bytes) }
    }
    if kind == .arena {
      guard allocateArena() else { throw outOfMemory() }
      if case .bytes(let bytes) = spec.contents {
        fill(bytes)
        usedBytes = (bytes.count + 4095) / 4096 * 4096
      }
    }
  }

  private static func kind(of type: MapType) -> Kind {
    switch type {
    case .array, .perCPUArray, .arrayOfMaps: .array
    case .hash, .perCPUHash, .hashOfMaps, .resizableHash, .devmap, .devmapHash, .cpumap, .xskmap, .sockmap, .sockhash,
      .reuseportSockarray, .cgroupArray, .stackTrace:
      .hash
    case .lruHash, .lruPerCPUHash: .lru
    case .lpmTrie: .trie
    case .queue: .queue
    case .stack: .stack
    case .bloomFilter: .bloom
    case .ringBuffer: .ring
    case .userRingBuffer: .userRing
    case .perfEventArray: .perf
    case .programArray: .programs
    case .skStorage, .inodeStorage, .taskStorage, .cgrpStorage, .cgroupStorage, .perCPUCgroupStorage: .storage
    case .arena: .arena
    default: .opaque
    }
  }

  /// What programs hold as a pointer to the map.
  var handle: UInt64 { AddressSpace.mapBase + UInt64(id) << 8 }

  func outOfMemory() -> InterpreterError {
    InterpreterError(
      .outOfMemory, "map \(name) does not fit in the interpreter's memory: raise Options.memoryLimit")
  }

  /// Makes room for values of at least `slots` elements.
  func reserve(_ slots: Int) throws(InterpreterError) {
    guard makeRoom(slots) else { throw outOfMemory() }
  }

  func makeRoom(_ slots: Int) -> Bool {
    guard slots > capacity || region == 0 else { return true }
    let (size, overflow) = (stride * cpuCount).multipliedReportingOverflow(by: max(slots, 1))
    guard !overflow else { return false }
    if region == 0 {
      let access: Region.Access = spec.section == .rodata || spec.section == .kconfig ? .readOnly : .readWrite
      guard
        let made = space.allocate(
          .map(name), size: size, access: access, stride: stride, elementSize: valueSize)
      else { return false }
      region = made
    } else {
      guard space.grow(region, to: size) else { return false }
    }
    capacity = max(slots, 1)
    return true
  }

  private func allocateArena() -> Bool {
    let pages = max(1, min(maxEntries, 1 << 12))
    guard let made = space.allocate(.map(name), size: pages * 4096, access: .readWrite) else { return false }
    region = made
    capacity = 1
    return true
  }

  private func fill(_ bytes: [UInt8]) {
    let host = space.regions[region].host
    let room = kind == .arena ? Int(space.regions[region].size) : valueSize
    for (offset, byte) in bytes.prefix(room).enumerated() {
      host.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
    }
  }

  /// Where a slot's value is.
  func place(_ slot: Int, cpu: Int = 0) -> UnsafeMutableRawPointer {
    space.regions[region].host + (slot * cpuCount + cpu) * stride
  }

  /// The address of a slot's value.
  func address(_ slot: Int, cpu: Int = 0) -> UInt64 {
    space.address(of: region) + UInt64((slot * cpuCount + min(cpu, cpuCount - 1)) * stride)
  }
}

extension InMemoryMap {
  /// Something that a program sent through a ring or perf buffer.
  struct Record {
    var bytes: [UInt8]
    var cpu: Int
  }
}

extension MapType {
  var hasValuePerCPU: Bool {
    switch self {
    case .perCPUArray, .perCPUHash, .lruPerCPUHash, .perCPUCgroupStorage: true
    default: false
    }
  }

  var isMapOfMaps: Bool { self == .arrayOfMaps || self == .hashOfMaps }
}
