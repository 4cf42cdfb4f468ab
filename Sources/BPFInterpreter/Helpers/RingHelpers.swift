// SPDX-License-Identifier: Apache-2.0

// Helpers that send records to user space.
extension Execution {
  static let ringHelpers: [(String, HelperBody)] = [
    ("ringbuf_reserve", { try $0.reserve() }),
    ("ringbuf_submit", { try $0.finish($0.argument(1), submitting: true) }),
    ("ringbuf_discard", { try $0.finish($0.argument(1), submitting: false) }),
    ("ringbuf_output", { try $0.ringOutput() }),
    ("ringbuf_query", { try $0.ringQuery() }),
    ("perf_event_output", { try $0.perfOutput() }),
    ("skb_output", { try $0.perfOutput() }),
    ("xdp_output", { try $0.perfOutput() }),
    ("user_ringbuf_drain", { try $0.drain() }),
  ]

  private func ring(_ register: Int) throws(InterpreterError) -> InMemoryMap {
    let map = try map(argument(register))
    guard map.kind == .ring else { throw fault(.badArgument, "\(map.name) is a \(map.type) map, not a ring buffer") }
    return map
  }

  private func reserve() throws(InterpreterError) -> UInt64 {
    let map = try ring(1)
    let (size, flags) = (argument(2), argument(3))
    guard flags == 0, let region = reserve(map, size) else { return 0 }
    return space.address(of: region)
  }

  /// The region of a new record; nil if the ring has no room.
  func reserve(_ map: InMemoryMap, _ size: UInt64) -> Int? {
    guard size <= UInt64(UInt32.max / 4), map.takeRoom(Int(size)) else { return nil }
    guard let region = space.allocate(.ringRecord(map.name), size: Int(size), access: .readWrite) else {
      map.giveBack(Int(size))
      return nil
    }
    reservations[region] = Reservation(map: map, size: Int(size))
    return region
  }

  func finish(_ address: UInt64, submitting: Bool) throws(InterpreterError) -> UInt64 {
    let region = Int(address >> 32 & 0xffff_ffff)
    guard address & 0xffff_ffff == 0, let reservation = reservations.removeValue(forKey: region) else {
      throw fault(
        .badArgument,
        "\(submitting ? "submits" : "discards") \(space.describe(address)), which is not a reserved record")
    }
    if submitting {
      let bytes = UnsafeRawBufferPointer(start: space.regions[region].host, count: reservation.size)
      reservation.map.send(Array(bytes), cpu: currentCPU)
    } else {
      reservation.map.giveBack(reservation.size)
    }
    space.release(region)
    retired.append(region)
    return 0
  }

  private func ringOutput() throws(InterpreterError) -> UInt64 {
    let map = try ring(1)
    let bytes = try input(argument(2), argument(3))
    // BPF_RB_NO_WAKEUP and BPF_RB_FORCE_WAKEUP
    guard argument(4) & ~3 == 0 else { return answer(.invalid) }
    guard map.takeRoom(bytes.count) else { return answer(.tryAgain) }
    map.send(Array(bytes), cpu: currentCPU)
    return 0
  }

  private func ringQuery() throws(InterpreterError) -> UInt64 {
    let map = try ring(1)
    return switch argument(2) {
    case 0: UInt64(map.usedBytes)
    case 1: UInt64(map.maxEntries)
    case 3: UInt64(map.usedBytes)
    default: 0
    }
  }

  private func perfOutput() throws(InterpreterError) -> UInt64 {
    let map = try map(argument(2))
    guard map.kind == .perf else {
      throw fault(.badArgument, "\(map.name) is a \(map.type) map, not a perf event array")
    }
    let flags = argument(3)
    var bytes = Array(try input(argument(4), argument(5)))
    // BPF_F_CURRENT_CPU
    let cpu = flags & 0xffff_ffff == 0xffff_ffff ? currentCPU : Int(flags & 0xffff_ffff)
    guard cpu < map.maxEntries else { return answer(.tooBig) }
    // BPF_F_CTXLEN_MASK: so many bytes of the packet follow.
    let extra = Int(flags >> 32 & 0xfffff)
    if extra > 0 {
      guard let packet = context.packet, let place = packet.pointer(space, 0, extra) else { return answer(.badAddress) }
      bytes += Array(UnsafeRawBufferPointer(start: place, count: extra))
    }
    guard map.takeRoom(bytes.count) else { return answer(.noSpace) }
    map.send(bytes, cpu: cpu)
    return 0
  }

  /// Hands each record of a user ring buffer to a callback, as a dynptr.
  private func drain() throws(InterpreterError) -> UInt64 {
    let map = try map(argument(1))
    guard map.kind == .userRing else {
      throw fault(.badArgument, "\(map.name) is a \(map.type) map, not a user ring buffer")
    }
    let (callback, state) = (argument(2), argument(3))
    var handled: UInt64 = 0
    while !map.pending.isEmpty {
      let record = map.pending.removeFirst()
      guard let region = space.allocate(.ringRecord(map.name), size: record.count, access: .readOnly),
        let cell = space.allocate(.ringRecord(map.name), size: 16, access: .readOnly)
      else { throw fault(.outOfMemory, "no room for a record of \(map.name)") }
      space.regions[region].host.copyMemory(from: record, byteCount: record.count)
      dynptrs.append(
        DynamicPointer(address: space.address(of: region), size: record.count, isReadOnly: true, region: nil))
      space.regions[cell].host.storeBytes(of: UInt64(dynptrs.count), as: UInt64.self)
      handled += 1
      let result = try callBack(callback, space.address(of: cell), state)
      for number in [region, cell] {
        space.release(number)
        retired.append(number)
      }
      if result != 0 { break }
    }
    return handled
  }
}
