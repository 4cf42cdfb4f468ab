// SPDX-License-Identifier: Apache-2.0

/// What r1 points to in a run, and the packet behind it.
struct RunContext {
  /// The context's region; 0 if there is none.
  var region = 0
  var layout: ContextLayout?
  var packet: PacketBuffer?
  /// How many arguments the traced function has.
  var argumentCount = 0
}

/// A context whose fields loads do not simply read: the kernel rewrites them.
struct ContextLayout: Sendable {
  enum Pointer: Sendable { case data, dataEnd, dataMeta }

  var size: Int
  /// Fields of four bytes that a load turns into an address.
  var pointers: [(offset: Int, pointer: Pointer)]
  /// Bytes that programs may store to.
  var writable: [Range<Int>]

  /// `struct xdp_md`
  static let xdp = ContextLayout(size: 24, pointers: [(0, .data), (4, .dataEnd), (8, .dataMeta)], writable: [])
  /// `struct __sk_buff`; what may be written is that of TC, which may write most.
  static let socketBuffer = ContextLayout(
    size: 192, pointers: [(76, .data), (80, .dataEnd), (140, .dataMeta)],
    writable: [8..<16, 32..<36, 44..<68, 72..<76, 152..<160])
}

extension Execution {
  /// A load from a context with a layout; nil if the address is not in one.
  func contextLoad(_ address: UInt64, _ size: Int) throws(InterpreterError) -> UInt64? {
    guard context.region != 0, address >> 32 == UInt64(context.region), let layout = context.layout else { return nil }
    let offset = Int(address & 0xffff_ffff)
    guard let place = space.pointer(address, UInt32(size), .context) else { return nil }
    for field in layout.pointers where offset < field.offset + 4 && field.offset < offset + size {
      guard offset == field.offset, size == 4, let packet = context.packet else {
        throw fault(.badAccess, "loads a part of the context's pointer at offset \(field.offset): load its four bytes")
      }
      return switch field.pointer {
      case .data: packet.dataAddress
      case .dataEnd: packet.endAddress
      case .dataMeta: packet.metadataAddress
      }
    }
    return value(place, size)
  }

  /// A store to a context with a layout; false if the address is not in one or may not be stored to.
  func contextStore(_ value: UInt64, _ address: UInt64, _ size: Int) throws(InterpreterError) -> Bool {
    guard context.region != 0, address >> 32 == UInt64(context.region), let layout = context.layout else {
      return false
    }
    let offset = Int(address & 0xffff_ffff)
    guard let place = space.pointer(address, UInt32(size), .context) else { return false }
    guard layout.writable.contains(where: { $0.lowerBound <= offset && offset + size <= $0.upperBound }) else {
      throw fault(.badAccess, "stores to offset \(offset) of the context, which programs may only read")
    }
    set(place, size, value)
    return true
  }
}
