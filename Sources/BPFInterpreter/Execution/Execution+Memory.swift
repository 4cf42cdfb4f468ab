// SPDX-License-Identifier: Apache-2.0

internal import BPFBytecode

// Memory accesses that the loop does not settle at once: contexts, memory at chosen addresses, faults.
extension Execution {
  func load(_ address: UInt64, _ size: Int) throws(InterpreterError) -> UInt64 {
    if let place = space.pointer(address, UInt32(size), .load) { return value(place, size) }
    if let value = try contextLoad(address, size) { return value }
    if owner.environment.unmappedLoadsGiveZero, !space.isKnown(address) { return 0 }
    throw badAccess("loads", size, address)
  }

  func store(_ value: UInt64, at address: UInt64, _ size: Int) throws(InterpreterError) {
    if let place = space.pointer(address, UInt32(size), .store) {
      set(place, size, value)
    } else {
      guard try contextStore(value, address, size) else { throw badAccess("stores", size, address) }
    }
  }

  func value(_ place: UnsafeMutableRawPointer, _ size: Int) -> UInt64 {
    switch size {
    case 1: UInt64(place.load(as: UInt8.self))
    case 2: UInt64(place.loadUnaligned(as: UInt16.self))
    case 4: UInt64(place.loadUnaligned(as: UInt32.self))
    default: place.loadUnaligned(as: UInt64.self)
    }
  }

  func set(_ place: UnsafeMutableRawPointer, _ size: Int, _ value: UInt64) {
    switch size {
    case 1: place.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
    case 2: place.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
    case 4: place.storeBytes(of: UInt32(truncatingIfNeeded: value), as: UInt32.self)
    default: place.storeBytes(of: value, as: UInt64.self)
    }
  }

  func badAccess(_ verb: String, _ size: Int, _ address: UInt64) -> InterpreterError {
    var message = "\(verb) \(size) byte\(size == 1 ? "" : "s") at \(space.describe(address))"
    if address < 4096 { message += "; compare the pointer with 0 before it is used" }
    return fault(.badAccess, message)
  }

  /// An atomic operation. One program runs at a time, so that it need not be atomic here.
  func atomic(_ op: Operation) throws(InterpreterError) {
    let size =
      switch op.code {
      case .atomic8: 1
      case .atomic16: 2
      case .atomic32: 4
      default: 8
      }
    let operation = AtomicOperation(rawValue: Int32(truncatingIfNeeded: op.constant))
    let r = registers
    let (d, s) = (Int(op.destination), Int(op.source))
    if operation == .loadAcquire {
      r[d] = try load(r[s] &+ extended(op.offset), size)
      return
    }
    let address = r[d] &+ extended(op.offset)
    if operation == .storeRelease {
      try store(r[s], at: address, size)
      return
    }
    guard let place = space.pointer(address, UInt32(size), [.store]) else {
      throw badAccess("changes", size, address)
    }
    let old = value(place, size)
    let operand = size == 8 ? r[s] : low(r[s])
    switch operation {
    case .add, .fetchAdd: set(place, size, old &+ operand)
    case .or, .fetchOr: set(place, size, old | operand)
    case .and, .fetchAnd: set(place, size, old & operand)
    case .xor, .fetchXor: set(place, size, old ^ operand)
    case .exchange: set(place, size, operand)
    default: if old == (size == 8 ? r[0] : low(r[0])) { set(place, size, operand) }
    }
    if operation == .compareExchange {
      r[0] = old
    } else if operation.writesRegister {
      r[s] = old
    }
  }

  /// A legacy load of the packet, in network order; nil if it lies outside.
  func legacyLoad(_ op: Operation) throws(InterpreterError) -> UInt64? {
    guard let packet = context.packet else {
      throw fault(.unsupported, "a legacy packet load, but this run has no packet")
    }
    var offset = Int64(bitPattern: op.constant)
    if op.code == .packetIndirect {
      offset = Int64(Int32(truncatingIfNeeded: offset &+ Int64(low(registers[Int(op.source)]))))
    }
    let size = Int(op.offset)
    // SKF_NET_OFF and SKF_LL_OFF: from the network or the link header on.
    if offset < 0 {
      if offset >= -0x10_0000 {
        offset = offset + 0x10_0000 + Int64(packet.networkOffset)
      } else if offset >= -0x20_0000 {
        offset = offset + 0x20_0000 - Int64(packet.pulled)
      } else {
        return nil
      }
    }
    guard let place = packet.pointer(space, Int(clamping: offset), size) else { return nil }
    return switch size {
    case 1: value(place, 1)
    case 2: UInt64(UInt16(bigEndian: place.loadUnaligned(as: UInt16.self)))
    default: UInt64(UInt32(bigEndian: place.loadUnaligned(as: UInt32.self)))
    }
  }

  func unusable(_ reason: UInt64) -> InterpreterError {
    switch Unusable(rawValue: reason) {
    case .secondHalf: fault(.invalidInstruction, "jumped into the second half of a wide load")
    case .end: fault(.invalidInstruction, "ran past the program's last instruction: end it with exit")
    case .unresolved:
      fault(.invalidInstruction, "refers to a map, function or symbol of the kernel that was not filled in")
    case .missingExtern:
      fault(.invalidInstruction, "uses a symbol of the kernel that has no value: give one in Options.externs")
    case .poisoned:
      fault(
        .invalidInstruction,
        "reads a field that the given kernel types do not have: guard it with bpf_core_field_exists()")
    case .malformed, nil: fault(.invalidInstruction, "is not an instruction that can be run")
    }
  }
}
