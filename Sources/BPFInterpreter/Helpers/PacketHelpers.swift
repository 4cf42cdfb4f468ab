// SPDX-License-Identifier: Apache-2.0

internal import BPFObject

// Helpers on the packet of the run.
extension Execution {
  static let packetHelpers: [(String, HelperBody)] = [
    ("xdp_adjust_head", { try $0.adjust { $0.adjustHead(by: $1) } }),
    ("xdp_adjust_tail", { try $0.adjustTail() }),
    ("xdp_adjust_meta", { try $0.adjust { $0.adjustMetadata(by: $1) } }),
    ("xdp_get_buff_len", { UInt64(try $0.packet().count) }),
    ("xdp_load_bytes", { try $0.loadBytes(clearing: false) }),
    ("xdp_store_bytes", { try $0.storeBytes(mask: nil) }),
    ("skb_load_bytes", { try $0.loadBytes(clearing: true) }),
    ("skb_load_bytes_relative", { try $0.loadRelative() }),
    // BPF_F_RECOMPUTE_CSUM and BPF_F_INVALIDATE_HASH
    ("skb_store_bytes", { try $0.storeBytes(mask: 3) }),
    ("skb_pull_data", { try $0.pull() }),
    ("skb_change_tail", { try $0.changeTail() }),
    ("skb_change_head", { try $0.changeHead() }),
    ("redirect", { $0.redirect($0.word(1), nil, $0.argument(2)) }),
    ("redirect_peer", { $0.redirect($0.word(1), nil, $0.argument(2)) }),
    ("redirect_neigh", { $0.redirect($0.word(1), nil, $0.argument(4)) }),
    ("clone_redirect", { $0.cloneRedirect() }),
    ("redirect_map", { try $0.redirectMap() }),
  ]

  func packet() throws(InterpreterError) -> PacketBuffer {
    guard let packet = context.packet else {
      throw fault(.unsupported, "calls a packet helper, but this run has no packet: give it one")
    }
    return packet
  }

  private func adjust(_ change: (inout PacketBuffer, Int) -> Bool) throws(InterpreterError) -> UInt64 {
    var packet = try packet()
    guard change(&packet, Int(Int32(truncatingIfNeeded: argument(2)))) else { return answer(.invalid) }
    return moved(packet)
  }

  private func adjustTail() throws(InterpreterError) -> UInt64 {
    let before = try packet().end
    let result = try adjust { $0.adjustTail(by: $1) }
    // What is added is zero.
    if let packet = context.packet, packet.end > before, let place = space.buffer(packet.region) {
      (place + before).initializeMemory(as: UInt8.self, repeating: 0, count: packet.end - before)
    }
    return result
  }

  /// Takes over a packet whose bounds have changed: pointers that programs hold are worth nothing now.
  private func moved(_ packet: PacketBuffer) -> UInt64 {
    context.packet = packet
    packet.show(in: space)
    if context.layout?.size == ContextLayout.socketBuffer.size { owner.setLength(packet.count) }
    return 0
  }

  private func loadBytes(clearing: Bool) throws(InterpreterError) -> UInt64 {
    let packet = try packet()
    let room = try output(argument(3), word(4))
    guard word(2) <= 0xffff, let place = packet.pointer(space, Int(word(2)), room.count), !room.isEmpty else {
      if clearing { room.initializeMemory(as: UInt8.self, repeating: 0) }
      return answer(clearing ? .badAddress : .invalid)
    }
    room.copyMemory(from: UnsafeRawBufferPointer(start: place, count: room.count))
    return 0
  }

  private func loadRelative() throws(InterpreterError) -> UInt64 {
    let packet = try packet()
    let room = try output(argument(3), word(4))
    // BPF_HDR_START_MAC and BPF_HDR_START_NET
    let start = argument(5) == 0 ? -packet.pulled : packet.networkOffset
    guard word(2) <= 0xffff, argument(5) <= 1, let place = packet.pointer(space, start + Int(word(2)), room.count)
    else {
      room.initializeMemory(as: UInt8.self, repeating: 0)
      return answer(.badAddress)
    }
    room.copyMemory(from: UnsafeRawBufferPointer(start: place, count: room.count))
    return 0
  }

  private func storeBytes(mask: UInt64?) throws(InterpreterError) -> UInt64 {
    let packet = try packet()
    let bytes = try input(argument(3), word(4))
    if let mask, argument(5) & ~mask != 0 { return answer(.invalid) }
    guard word(2) <= 0xffff, let place = packet.pointer(space, Int(word(2)), bytes.count) else {
      return answer(mask == nil ? .invalid : .badAddress)
    }
    UnsafeMutableRawBufferPointer(start: place, count: bytes.count).copyMemory(from: bytes)
    return 0
  }

  /// All of a packet is in reach here.
  private func pull() throws(InterpreterError) -> UInt64 {
    let packet = try packet()
    return word(2) <= UInt64(packet.count) ? 0 : answer(.noMemory)
  }

  private func changeTail() throws(InterpreterError) -> UInt64 {
    var packet = try packet()
    let length = Int(word(2))
    guard argument(3) == 0, length >= 14, packet.data + length <= packet.capacity else { return answer(.invalid) }
    if length > packet.count, let place = space.buffer(packet.region) {
      (place + packet.end).initializeMemory(as: UInt8.self, repeating: 0, count: length - packet.count)
    }
    packet.end = packet.data + length
    return moved(packet)
  }

  private func changeHead() throws(InterpreterError) -> UInt64 {
    var packet = try packet()
    let room = Int(word(2))
    guard argument(3) == 0, room <= packet.data - packet.pulled, packet.pulled == 0 else { return answer(.invalid) }
    packet.data -= room
    packet.metadata = packet.data
    if let place = space.buffer(packet.region) {
      (place + packet.data).initializeMemory(as: UInt8.self, repeating: 0, count: room)
    }
    return moved(packet)
  }

  private var isXDP: Bool { program?.type == .xdp }

  private func redirect(_ target: UInt64, _ map: String?, _ flags: UInt64) -> UInt64 {
    // XDP's redirect takes no flags; TC's takes BPF_F_INGRESS.
    guard flags & ~(isXDP ? 0 : 1) == 0 || map != nil else { return isXDP ? 0 : 2 }
    redirect = Redirect(target: target, map: map, flags: flags)
    return isXDP ? UInt64(XDPAction.redirect.rawValue) : UInt64(TrafficAction.redirect.rawValue)
  }

  private func cloneRedirect() -> UInt64 {
    guard argument(3) & ~1 == 0 else { return answer(.invalid) }
    redirect = Redirect(target: word(2), map: nil, flags: argument(3))
    return 0
  }

  /// The lower bits of the flags are the verdict where the map holds nothing under the key.
  private func redirectMap() throws(InterpreterError) -> UInt64 {
    let map = try map(argument(1))
    let key = withUnsafeBytes(of: UInt32(truncatingIfNeeded: argument(2))) { Array($0) }
    let flags = argument(3)
    let isThere = map.keySize == 4 && map.withPointer(key) { map.slot(of: $0) } != nil
    return isThere ? redirect(word(2), map.name, flags) : flags & 3
  }
}
