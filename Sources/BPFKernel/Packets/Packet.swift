// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// A cursor over a packet's bytes. Each read compares the position with the packet's end, in the form that the verifier
/// understands, and costs what the same comparison costs in C.
///
///     var packet = context.packet
///     guard let frame = packet.ethernet(), frame.type == .ipv4, let header = packet.ipv4() else { return .pass }
///
/// A cursor is void after a helper that moves the packet's bytes: make a new one from the context.
@frozen public struct Packet: ~Copyable, ~Escapable {
  @usableFromInline var position: UnsafeRawPointer
  @usableFromInline let end: UnsafeRawPointer

  @inline(__always) @usableFromInline @_lifetime(immortal)
  init(start: UnsafeRawPointer, end: UnsafeRawPointer) {
    position = start
    self.end = end
  }

  @inline(__always) @usableFromInline @_lifetime(immortal)
  init(start: UInt32, end: UInt32) {
    position = UnsafeRawPointer(bitPattern: UInt(start)).unsafelyUnwrapped
    self.end = UnsafeRawPointer(bitPattern: UInt(end)).unsafelyUnwrapped
  }

  /// Bytes from here to the packet's end; taken before anything is read, all of them.
  public var count: Int { @inline(__always) get { end - position } }

  /// Whether `count` bytes are left: a constant, or a small number that the verifier can bound.
  @inline(__always)
  public func has(_ count: Int) -> Bool { position + count <= end }

  /// Reads a value and moves behind it; nil if the packet ends before.
  @inline(__always) @_lifetime(self: copy self)
  public mutating func read<T: BitwiseCopyable>(_ type: T.Type = T.self) -> T? {
    let next = position + MemoryLayout<T>.size
    guard next <= end else { return nil }
    let value = Packet.load(type, position)
    position = next
    return value
  }

  /// Reads a value `offset` bytes ahead without moving; nil if the packet ends before.
  @inline(__always)
  public func peek<T: BitwiseCopyable>(_ type: T.Type = T.self, at offset: Int = 0) -> T? {
    guard position + offset + MemoryLayout<T>.size <= end else { return nil }
    return Packet.load(type, position + offset)
  }

  /// Moves on, if need be beyond the end: the next read then returns nil.
  @inline(__always) @_lifetime(self: copy self)
  public mutating func skip(_ count: Int) { position += count }

  /// The place of the next byte, to come back to with ``modify(_:at:_:)``.
  public var mark: Mark { @inline(__always) get { Mark(address: position) } }

  /// A place in a packet.
  @frozen public struct Mark: BitwiseCopyable {
    @usableFromInline let address: UnsafeRawPointer
    @inline(__always) @usableFromInline init(address: UnsafeRawPointer) { self.address = address }
  }

  /// Changes a value in the packet, in place: in programs that may write directly (XDP, tc).
  ///
  ///     let place = packet.mark
  ///     guard let header = packet.ipv4() else { return .pass }
  ///     packet.modify(IPv4Header.self, at: place) { $0.decrementTimeToLive() }
  ///
  /// - Returns: false if the packet ends before.
  @inline(__always) @discardableResult
  public func modify<T: BitwiseCopyable>(_ type: T.Type = T.self, at mark: Mark, _ body: (inout T) -> Void) -> Bool {
    guard mark.address + MemoryLayout<T>.size <= end else { return false }
    body(&UnsafeMutableRawPointer(mutating: mark.address).assumingMemoryBound(to: type).pointee)
    return true
  }

  @inline(__always) @usableFromInline
  static func load<T: BitwiseCopyable>(_ type: T.Type, _ pointer: UnsafeRawPointer) -> T {
    #if hasFeature(Embedded)
      // The verifier lets packet bytes be read unaligned wherever the processor does.
      return pointer.load(as: type)
    #else
      return pointer.loadUnaligned(as: type)
    #endif
  }
}
