// SPDX-License-Identifier: Apache-2.0

/// What an atomic instruction does: the immediate of an opcode `STX | ATOMIC`. RFC 9669 §5.3.
@frozen
public struct AtomicOperation: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
  public var rawValue: Int32
  @inlinable public init(rawValue: Int32) { self.rawValue = rawValue }

  public static let add = AtomicOperation(rawValue: 0x00)
  public static let or = AtomicOperation(rawValue: 0x40)
  public static let and = AtomicOperation(rawValue: 0x50)
  public static let xor = AtomicOperation(rawValue: 0xa0)

  // With BPF_FETCH: the source register receives the old value. Linux 5.12.
  public static let fetchAdd = AtomicOperation(rawValue: 0x01)
  public static let fetchOr = AtomicOperation(rawValue: 0x41)
  public static let fetchAnd = AtomicOperation(rawValue: 0x51)
  public static let fetchXor = AtomicOperation(rawValue: 0xa1)

  /// Stores the source register, which receives the old value.
  public static let exchange = AtomicOperation(rawValue: 0xe1)
  /// Stores the source register if memory equals `r0`; `r0` receives the old value.
  public static let compareExchange = AtomicOperation(rawValue: 0xf1)

  /// `BPF_LOAD_ACQ`: destination = memory at the *source* register.
  /// - Requires: Linux 6.15
  public static let loadAcquire = AtomicOperation(rawValue: 0x100)
  /// `BPF_STORE_REL`.
  /// - Requires: Linux 6.15
  public static let storeRelease = AtomicOperation(rawValue: 0x110)

  /// Whether a register receives a value: the source register, `r0` (compareExchange), the destination (loadAcquire).
  public var writesRegister: Bool { self == .loadAcquire || self != .storeRelease && rawValue & 1 != 0 }

  /// Whether the processor knows this operation.
  public var isKnown: Bool {
    switch self {
    case .add, .or, .and, .xor, .fetchAdd, .fetchOr, .fetchAnd, .fetchXor, .exchange, .compareExchange,
      .loadAcquire, .storeRelease:
      true
    default: false
    }
  }
}
