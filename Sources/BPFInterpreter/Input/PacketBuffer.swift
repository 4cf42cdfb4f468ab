// SPDX-License-Identifier: Apache-2.0

/// A packet in its buffer: room before it, metadata, the packet, room behind it.
struct PacketBuffer {
  /// The region that shows metadata and packet; the rest of the buffer is out of reach.
  let region: Int
  /// Bytes of the buffer.
  let capacity: Int
  /// Offsets in the buffer.
  var metadata: Int
  var data: Int
  var end: Int
  /// How many bytes of the frame are before ``data``: its Ethernet header where programs see none.
  var pulled = 0
  /// From ``data`` to the network header.
  var networkOffset = 0

  /// What the kernel leaves free in front of an XDP packet (`XDP_PACKET_HEADROOM`).
  static let headroom = 256
  /// Where a page's frame ends: before its `struct skb_shared_info`.
  static let frameEnd = 4096 - 320
  /// What the kernel keeps at a frame's very start (`struct xdp_frame`).
  static let reserved = 40
  /// Addresses start here, so that pointers before the buffer stay in the region.
  static let base = 0x1_0000

  init(region: Int, capacity: Int, count: Int, metadata: Int = 0) {
    self.region = region
    self.capacity = capacity
    data = PacketBuffer.headroom
    self.metadata = data - metadata
    end = data + count
  }

  var count: Int { end - data }
  var dataAddress: UInt64 { address(data) }
  var endAddress: UInt64 { address(end) }
  var metadataAddress: UInt64 { address(metadata) }
  private func address(_ offset: Int) -> UInt64 { UInt64(region) << 32 + UInt64(PacketBuffer.base + offset) }

  /// Shows what lies between ``metadata`` and ``end``.
  func show(in space: AddressSpace) { space.window(region, from: metadata, count: end - metadata) }

  /// Where `size` bytes at an offset of the packet are; nil if they are not all in it.
  func pointer(_ space: AddressSpace, _ offset: Int, _ size: Int) -> UnsafeMutableRawPointer? {
    // What was pulled off lies in front and can be read from legacy loads.
    guard offset >= -pulled, size >= 0, offset <= count, size <= count - offset else { return nil }
    return space.buffer(region).map { $0 + (data + offset) }
  }

  /// The packet's bytes.
  func bytes(in space: AddressSpace) -> [UInt8] {
    guard let start = space.buffer(region) else { return [] }
    return Array(UnsafeRawBufferPointer(start: start + (data - pulled), count: count + pulled))
  }

  /// Moves the packet's start; false if there is no room for that, or nothing of the packet would remain.
  mutating func adjustHead(by distance: Int, minimum: Int = 14) -> Bool {
    let start = data + distance
    let length = data - metadata
    guard start >= PacketBuffer.reserved + length, start <= end - minimum else { return false }
    metadata = start - length
    data = start
    return true
  }

  mutating func adjustTail(by distance: Int, minimum: Int = 14) -> Bool {
    guard end + distance <= min(capacity, max(PacketBuffer.frameEnd, end)), end + distance >= data + minimum else {
      return false
    }
    end += distance
    return true
  }

  mutating func adjustMetadata(by distance: Int) -> Bool {
    let start = metadata + distance
    let length = data - start
    guard start >= PacketBuffer.reserved, length >= 0, length % 4 == 0, length <= 252 else { return false }
    metadata = start
    return true
  }
}

extension PacketBuffer {
  /// What lies between ``metadata`` and ``data``.
  func metadataBytes(in space: AddressSpace) -> [UInt8] {
    guard pulled == 0, let start = space.buffer(region) else { return [] }
    return Array(UnsafeRawBufferPointer(start: start + metadata, count: data - metadata))
  }
}
