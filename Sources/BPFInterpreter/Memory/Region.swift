// SPDX-License-Identifier: Apache-2.0

/// A stretch of memory that programs can name.
///
/// An address is the region's number in the upper 32 bits and an offset in the lower. So each access finds its region at
/// once, and no offset of less than 4 GiB leads from one region into another.
struct Region {
  /// The first byte that may be accessed.
  var host: UnsafeMutableRawPointer
  /// The offset of that byte in addresses.
  var start: UInt32
  /// How many bytes may be accessed.
  var size: UInt32
  /// Bytes from one element to the next; 0 for a region that is one whole.
  var stride: UInt32
  /// How many bytes of each element may be accessed.
  var elementSize: UInt32
  var access: Access

  /// What may be done with a region.
  struct Access: OptionSet {
    var rawValue: UInt8

    /// Loads of programs.
    static let load = Access(rawValue: 1)
    /// Stores of programs.
    static let store = Access(rawValue: 2)
    /// `bpf_probe_read_kernel` and its like.
    static let kernelRead = Access(rawValue: 4)
    /// `bpf_probe_read_user` and its like.
    static let userRead = Access(rawValue: 8)
    /// Fields of a context that loads see otherwise than they are stored.
    static let context = Access(rawValue: 16)

    static let readOnly: Access = [.load, .kernelRead]
    static let readWrite: Access = [.load, .store, .kernelRead]
  }

  /// Where `count` bytes at an offset of the region are; nil if not all may be accessed.
  @inline(__always)
  func pointer(_ offset: UInt32, _ count: UInt32) -> UnsafeMutableRawPointer? {
    let distance = offset &- start
    guard UInt64(distance) &+ UInt64(count) <= UInt64(size) else { return nil }
    if stride != 0, UInt64(distance % stride) &+ UInt64(count) > UInt64(elementSize) { return nil }
    return host + Int(distance)
  }
}

/// The regions by number, for fast access.
struct RegionTable {
  var regions: UnsafeMutablePointer<Region>
  var count: UInt64

  /// Where `size` bytes at an address are; nil if not all may be accessed so.
  @inline(__always)
  func pointer(_ address: UInt64, _ size: UInt32, _ access: Region.Access) -> UnsafeMutableRawPointer? {
    let number = address >> 32
    guard number < count else { return nil }
    let region = regions + Int(truncatingIfNeeded: number)
    guard region.pointee.access.rawValue & access.rawValue != 0 else { return nil }
    return region.pointee.pointer(UInt32(truncatingIfNeeded: address), size)
  }

  /// What is at an address; nil if programs may not load it.
  @inline(__always)
  func load<T: FixedWidthInteger & BitwiseCopyable>(_ address: UInt64, _ type: T.Type) -> T? {
    pointer(address, UInt32(MemoryLayout<T>.size), .load)?.loadUnaligned(as: T.self)
  }

  /// Stores at an address; false if programs may not.
  @inline(__always)
  func store<T: FixedWidthInteger & BitwiseCopyable>(_ address: UInt64, _ value: T) -> Bool {
    guard let place = pointer(address, UInt32(MemoryLayout<T>.size), .store) else { return false }
    place.storeBytes(of: value, as: T.self)
    return true
  }
}

/// What a region is, for messages.
enum RegionLabel: Equatable {
  case nothing
  case stack(frame: Int)
  case context
  case packet
  case packetMetadata
  case map(String)
  case ringRecord(String)
  case jumpTable
  case placed(String)
  case freed(String)

  var text: String {
    switch self {
    case .nothing: "nothing"
    case .stack(let frame): frame == 0 ? "the stack" : "the stack frame of the call at depth \(frame)"
    case .context: "the context"
    case .packet: "the packet"
    case .packetMetadata: "the packet's metadata"
    case .map(let name): "the values of map \(name)"
    case .ringRecord(let name): "a record reserved in ring \(name)"
    case .jumpTable: "a jump table"
    case .placed(let name): "placed memory \(name)"
    case .freed(let what): "\(what), which was freed"
    }
  }
}
