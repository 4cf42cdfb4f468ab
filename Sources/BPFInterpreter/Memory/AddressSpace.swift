// SPDX-License-Identifier: Apache-2.0

/// All memory that programs of an interpreter can name. It owns the bytes.
final class AddressSpace {
  /// By number. Number 0 is never accessible, so that small numbers are not addresses.
  private(set) var regions: UnsafeMutablePointer<Region>
  private(set) var count = 1
  private var capacity = 64
  private var labels: [RegionLabel] = [.nothing]
  /// Host memory by region: what to free.
  private var owned: [UnsafeMutableRawPointer?] = [nil]
  private var ownedSizes: [Int] = [0]
  /// The offset of each region's first byte in addresses.
  private var bases: [UInt32] = [0]
  /// Regions at addresses that the caller chose, ascending.
  private var fixed: [(base: UInt64, size: UInt64, region: Int)] = []
  /// Numbers that may be given out again.
  private var free: [Int] = []
  /// How many bytes may still be allocated.
  private var remaining: Int
  /// Where regions are that have no bytes.
  private let nowhere = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)

  /// Addresses from 0x1000_0000_0000 on are free for memory at addresses that the caller chooses.
  static let maximumCount = 0x1000
  /// An address whose region number is beyond any table.
  static let codeBase: UInt64 = 0xc0de_0000_0000_0000
  /// Where maps seem to be, for programs that hold a pointer to one.
  static let mapBase: UInt64 = 0xb0b0_0000_0000_0000

  init(limit: Int) {
    remaining = limit
    regions = .allocate(capacity: capacity)
    regions.initialize(
      to: Region(host: nowhere, start: 0, size: 0, stride: 0, elementSize: 0, access: []))
  }

  deinit {
    for host in owned { host?.deallocate() }
    regions.deallocate()
    nowhere.deallocate()
  }

  /// A region none of whose bytes may be accessed.
  private func inaccessible() -> Region {
    Region(host: nowhere, start: 0, size: 0, stride: 0, elementSize: 0, access: [])
  }

  /// Makes a region of zeroes; nil if the memory is used up.
  ///
  /// - Parameters:
  ///   - size: how many bytes may be accessed.
  ///   - start: the offset of the first in addresses.
  func allocate(
    _ label: RegionLabel, size: Int, start: UInt32 = 0, access: Region.Access, stride: Int = 0, elementSize: Int = 0
  ) -> Int? {
    guard size >= 0, size <= remaining, size <= Int(UInt32.max) - Int(start) - 4096 else { return nil }
    let host = UnsafeMutableRawPointer.allocate(byteCount: max(size, 8), alignment: 16)
    host.initializeMemory(as: UInt8.self, repeating: 0, count: max(size, 8))
    remaining -= size
    let region = Region(
      host: host, start: start, size: UInt32(size), stride: UInt32(truncatingIfNeeded: stride),
      elementSize: UInt32(truncatingIfNeeded: elementSize), access: access)
    if let number = free.popLast() {
      regions[number] = region
      labels[number] = label
      owned[number] = host
      ownedSizes[number] = size
      bases[number] = start
      return number
    }
    guard count < AddressSpace.maximumCount else {
      host.deallocate()
      remaining += size
      return nil
    }
    if count == capacity { growTable() }
    regions.advanced(by: count).initialize(to: region)
    labels.append(label)
    owned.append(host)
    ownedSizes.append(size)
    bases.append(start)
    count += 1
    return count - 1
  }

  private func growTable() {
    let larger = UnsafeMutablePointer<Region>.allocate(capacity: capacity * 2)
    larger.moveInitialize(from: regions, count: count)
    regions.deallocate()
    regions = larger
    capacity *= 2
  }

  /// Makes a region larger; addresses and contents stay. False if the memory is used up.
  func grow(_ number: Int, to size: Int) -> Bool {
    let old = ownedSizes[number]
    guard size > old else { return true }
    guard size - old <= remaining, size <= Int(UInt32.max) - 4096 else { return false }
    let host = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    host.copyMemory(from: regions[number].host, byteCount: old)
    (host + old).initializeMemory(as: UInt8.self, repeating: 0, count: size - old)
    owned[number]?.deallocate()
    owned[number] = host
    ownedSizes[number] = size
    remaining -= size - old
    regions[number].host = host
    regions[number].size = UInt32(size)
    return true
  }

  /// Lets a part of a region's memory be accessed, `from` bytes from the start of all of it.
  func window(_ number: Int, from: Int, count: Int) {
    guard let host = owned[number], from >= 0, count >= 0, from + count <= ownedSizes[number] else { return }
    regions[number].host = host + from
    regions[number].start = bases[number] + UInt32(from)
    regions[number].size = UInt32(count)
  }

  /// All of a region's memory.
  func buffer(_ number: Int) -> UnsafeMutableRawPointer? { owned[number] }

  /// Removes a region: its addresses become invalid, and its number is not reused before ``recycle(_:)``.
  func release(_ number: Int) {
    guard number > 0, number < count, owned[number] != nil else { return }
    owned[number]?.deallocate()
    owned[number] = nil
    remaining += ownedSizes[number]
    ownedSizes[number] = 0
    regions[number] = inaccessible()
    labels[number] = .freed(labels[number].text)
  }

  /// Lets the number of a region that was released be given out again.
  func recycle(_ number: Int) { free.append(number) }

  /// The address of a region's first byte.
  func address(of number: Int) -> UInt64 { UInt64(number) << 32 | UInt64(regions[number].start) }

  /// Puts a region where the caller wants it to seem to be. False if something is there already.
  func fix(_ number: Int, at base: UInt64) -> Bool {
    let size = UInt64(regions[number].size)
    guard base >> 32 >= UInt64(AddressSpace.maximumCount), size <= UInt64.max - base else { return false }
    guard !fixed.contains(where: { base < $0.base + $0.size && $0.base < base + size }) else { return false }
    fixed.append((base, size, number))
    fixed.sort { $0.base < $1.base }
    return true
  }

  /// The table as the interpreter's loop uses it: to be read anew after regions were made.
  var table: RegionTable { RegionTable(regions: regions, count: UInt64(count)) }

  /// Where `size` bytes at an address are; nil if not all may be accessed so.
  func pointer(_ address: UInt64, _ size: UInt32, _ access: Region.Access) -> UnsafeMutableRawPointer? {
    guard address >> 32 >= UInt64(count) else { return table.pointer(address, size, access) }
    return fixedPointer(address, size, access)
  }

  private func fixedPointer(
    _ address: UInt64, _ size: UInt32, _ access: Region.Access
  ) -> UnsafeMutableRawPointer? {
    guard let place = place(at: address) else { return nil }
    let region = regions[place.region]
    guard region.access.rawValue & access.rawValue != 0 else { return nil }
    return region.pointer(UInt32(truncatingIfNeeded: address - place.base), size)
  }

  private func place(at address: UInt64) -> (base: UInt64, size: UInt64, region: Int)? {
    var low = 0
    var high = fixed.count
    while low < high {
      let middle = (low + high) / 2
      if fixed[middle].base <= address { low = middle + 1 } else { high = middle }
    }
    guard low > 0, address - fixed[low - 1].base < fixed[low - 1].size else { return nil }
    return fixed[low - 1]
  }

  /// How many bytes may be accessed from an address on.
  func extent(from address: UInt64, _ access: Region.Access) -> Int {
    let number: Int
    let offset: UInt32
    if address >> 32 < UInt64(count) {
      number = Int(address >> 32)
      offset = UInt32(truncatingIfNeeded: address) &- regions[number].start
    } else if let place = place(at: address) {
      number = place.region
      offset = UInt32(truncatingIfNeeded: address - place.base)
    } else {
      return 0
    }
    let region = regions[number]
    guard region.access.rawValue & access.rawValue != 0, offset < region.size else { return 0 }
    guard region.stride != 0 else { return Int(region.size - offset) }
    return max(0, Int(region.elementSize) - Int(offset % region.stride))
  }
}

// Messages.
extension AddressSpace {
  /// What an address is, as the object of "... at": "offset 60 of the packet, which has 60 bytes".
  func describe(_ address: UInt64) -> String {
    // An offset below a region's start is nearer to it than to the region before.
    let number = (address &+ 0x8000_0000) >> 32
    if number == 0 {
      return address == 0 ? "address 0: a null pointer" : "0x\(String(address, radix: 16)), which is not an address"
    }
    if number >= UInt64(count) {
      if address >> 48 == AddressSpace.mapBase >> 48 { return "a pointer to a map, not to its values" }
      if address >> 48 == AddressSpace.codeBase >> 48 { return "the address of a function" }
      return "0x\(String(address, radix: 16)), where nothing was placed"
    }
    let region = regions[Int(number)]
    let distance = Int64(bitPattern: address &- number << 32) - Int64(region.start)
    let label = labels[Int(number)].text
    if case .freed = labels[Int(number)] { return "offset \(distance) of \(label)" }
    if region.stride != 0 {
      let stride = Int64(region.stride)
      let inside = distance >= 0 ? distance % stride : distance
      return "offset \(inside) of an element of \(label), which has \(region.elementSize) bytes"
    }
    return "offset \(distance) of \(label), which has \(region.size) bytes"
  }

  /// Whether an address lies in a region that exists, be it accessible or not.
  func isKnown(_ address: UInt64) -> Bool {
    let number = address >> 32
    return number != 0 && number < UInt64(count) || place(at: address) != nil
  }
}
