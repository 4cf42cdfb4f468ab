// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

/// Room in which a program puts together bytes whose number is known only when it runs: text, paths, arguments, payload.
/// Each CPU has its own.
///
///     var line = ByteBuilder<4096>()
///     var execs = RingBuffer<ExecHeader>(bytes: 1 << 20)
///
///     line.build { bytes in
///       bytes.append(ExecHeader(process: CurrentThread.processID))
///       bytes.appendUserText(from: context.filename)
///       execs.send(bytes)
///     }
///
/// How many bytes there are is kept in the map and not in a register: the verifier would follow a register's every value
/// through all that comes after, and give up at a million instructions.
///
/// A CPU has room for two at a time: a program that interrupts another one, or runs in its place for a while (kernels of
/// 2026 let tracing programs be preempted), takes the second. Where that is taken too, ``build(_:)`` does nothing.
///
/// - Requires: Linux 5.8 to send the bytes through a ring.
@frozen public struct ByteBuilder<let capacity: Int>: KernelMap, ~Copyable {
  @inline(__always) public static var mapType: UInt32 { 6 }
  public var definition: MapDefinition

  /// A builder of `capacity` bytes, at most 16,000: the kernel limits what a CPU has of a map to 32 KiB.
  @inline(__always)
  public init() {
    // The position; the bytes; behind any position as much room again, as that is what the verifier can see; a name; a mark.
    definition = MapDefinition(
      type: Self.mapType, maxEntries: 2, valueSize: UInt32(truncatingIfNeeded: Self.markOffset &+ 8))
  }

  /// Where it is marked that a place is taken.
  @inline(__always) @usableFromInline static var markOffset: Int { (8 &+ 2 &* capacity &+ 256 &+ 7) & ~7 }

  /// Empties this CPU's builder and lends it.
  ///
  /// - Returns: what `body` returns; nil, without a call, where two other programs on this CPU are at it.
  @inline(__always) @discardableResult
  public mutating func build<Result>(_ body: (Bytes) -> Result) -> Result? {
    let map = address
    guard var place = withBytes(of: UInt32(0), { bpf_map_lookup_elem(map, $0) }) else { return nil }
    if !bpf_take_place(place + Self.markOffset) {
      guard let other = withBytes(of: UInt32(1), { bpf_map_lookup_elem(map, $0) }),
        bpf_take_place(other + Self.markOffset)
      else { return nil }
      place = other
    }
    bpf_set_position(place, 0)
    let result = body(Bytes(place: place))
    bpf_give_place(place + Self.markOffset)
    return result
  }

  /// The bytes of a builder, while it is lent.
  @frozen public struct Bytes: BitwiseCopyable {
    @usableFromInline let place: UnsafeMutableRawPointer
    @inline(__always) @usableFromInline init(place: UnsafeMutableRawPointer) { self.place = place }

    @inline(__always) @usableFromInline
    var start: UnsafeMutableRawPointer { place + 8 }

    /// How many bytes there are.
    public var count: UInt64 { @inline(__always) get { bpf_position(place) } }

    /// Takes all bytes after the first `count` away.
    @inline(__always)
    public func truncate(to count: UInt64) { if count < self.count { bpf_set_position(place, count) } }

    /// Makes it `count` bytes: those at the end are taken away, or what lies behind it is taken in, whatever it is.
    ///
    /// - Parameter count: at most the capacity.
    @inline(__always)
    public func resize(to count: UInt64) { if count <= UInt64(capacity) { bpf_set_position(place, count) } }

    /// Sets `count` bytes from `offset` on to zero, whether they are in use or not; both are constants, within the capacity.
    @inline(__always)
    public func clear(_ count: Int, at offset: Int) {
      if offset >= 0, count >= 0, offset &+ count <= capacity {
        bpf_clear_words(start + offset, UInt64(truncatingIfNeeded: count))
      }
    }
  }
}

// What has a size of its own.
extension ByteBuilder.Bytes {
  /// Appends a value.
  ///
  /// - Returns: false if the bytes do not fit; then nothing is appended.
  @inline(__always) @discardableResult
  public func append<T: BitwiseCopyable>(_ value: T) -> Bool {
    let position = count
    guard position <= UInt64(capacity), position &+ UInt64(MemoryLayout<T>.size) <= UInt64(capacity) else {
      return false
    }
    let end = start + Int(truncatingIfNeeded: position)
    #if hasFeature(Embedded)
      // The verifier lets map values be written unaligned wherever the processor does.
      end.assumingMemoryBound(to: T.self).pointee = value
    #else
      end.storeBytes(of: value, as: T.self)
    #endif
    bpf_set_position(place, position &+ UInt64(MemoryLayout<T>.size))
    return true
  }

  /// Appends a value that `fill` writes in place: every field, as it starts with whatever was there before. For structs
  /// that are too large to pass through the stack.
  ///
  /// - Returns: false, without a call, if the bytes do not fit.
  @inline(__always) @discardableResult
  public func append<T: BitwiseCopyable>(_ type: T.Type, _ fill: (inout T) -> Void) -> Bool {
    let position = count
    guard position <= UInt64(capacity), position &+ UInt64(MemoryLayout<T>.size) <= UInt64(capacity) else {
      return false
    }
    fill(&(start + Int(truncatingIfNeeded: position)).assumingMemoryBound(to: type).pointee)
    bpf_set_position(place, position &+ UInt64(MemoryLayout<T>.size))
    return true
  }

  /// Calls `body` with a value that was appended, in place: to fill in a length that is known only now.
  ///
  /// - Parameter offset: where the value starts; a constant.
  /// - Returns: false, without a call, if the value does not lie within the capacity.
  @inline(__always) @discardableResult
  public func withValue<T: BitwiseCopyable>(
    _ type: T.Type = T.self, at offset: Int = 0, _ body: (inout T) -> Void
  ) -> Bool {
    guard offset >= 0, offset &+ MemoryLayout<T>.size <= capacity else { return false }
    body(&(start + offset).assumingMemoryBound(to: type).pointee)
    return true
  }
}

// What has a size that is known only when the program runs.
extension ByteBuilder.Bytes {
  /// Lets `copy` write `count` bytes behind those that there are.
  ///
  /// - Parameter copy: is given where to write and how many bytes, from 1 to the capacity; answers 0 if it did.
  @inline(__always) @usableFromInline
  func append(count: some FixedWidthInteger, _ copy: (UnsafeMutableRawPointer, UInt32) -> Int) -> Bool {
    let position = self.count
    guard position <= UInt64(capacity) else { return false }
    // One less than it is: the verifier of Linux 5.10 learns nothing from `> 0`.
    let less = bpf_hidden(UInt64(truncatingIfNeeded: count) &- 1)
    guard less < UInt64(capacity), position &+ less < UInt64(capacity) else { return false }
    guard copy(start + Int(truncatingIfNeeded: position), UInt32(truncatingIfNeeded: less &+ 1)) == 0 else {
      return false
    }
    bpf_set_position(place, position &+ less &+ 1)
    return true
  }

  /// Appends `count` bytes of the kernel's memory.
  ///
  /// - Returns: false, appending nothing, if there are no bytes, if they do not fit, or if the address cannot be read.
  /// - Requires: Linux 5.5; a GPL-compatible license.
  @inline(__always) @discardableResult
  public func appendKernel(count: some FixedWidthInteger, from address: UnsafeRawPointer?) -> Bool {
    append(count: count) { bpf_probe_read_kernel($0, $1, address) }
  }

  /// Appends `count` bytes of the running process.
  ///
  /// - Returns: false, appending nothing, if there are no bytes, if they do not fit, or if the address cannot be read or
  ///   is not in memory just now.
  /// - Requires: Linux 5.5; a GPL-compatible license.
  @inline(__always) @discardableResult
  public func appendUser(count: some FixedWidthInteger, from address: UnsafeRawPointer?) -> Bool {
    append(count: count) { bpf_probe_read_user($0, $1, address) }
  }

  /// Appends `count` bytes of a packet, wherever they are.
  ///
  /// - Returns: false, appending nothing, if there are no bytes, if they do not fit, or if the packet is not that long.
  /// - Requires: Linux 4.5.
  @inline(__always) @discardableResult
  public func append(count: some FixedWidthInteger, of packet: SocketBuffer, at offset: UInt32) -> Bool {
    append(count: count) { bpf_skb_load_bytes(packet.pointer, offset, $0, $1) }
  }

  /// Appends `count` bytes of a packet, fragments included.
  ///
  /// - Returns: false, appending nothing, if there are no bytes, if they do not fit, or if the packet is not that long.
  /// - Requires: Linux 5.18.
  @inline(__always) @discardableResult
  public func append(count: some FixedWidthInteger, of packet: XDPContext, at offset: UInt32) -> Bool {
    append(count: count) { bpf_xdp_load_bytes(packet.raw, offset, $0, $1) }
  }
}

// Text, each with its closing zero byte.
extension ByteBuilder.Bytes {
  /// Takes what a helper wrote behind the bytes; one that writes beyond the capacity has cut the text.
  @inline(__always) @usableFromInline
  func appendText(_ copy: (UnsafeMutableRawPointer, UInt32) -> Int) -> Bool {
    let position = count
    guard position < UInt64(capacity) else { return false }
    let size = copy(start + Int(truncatingIfNeeded: position), UInt32(truncatingIfNeeded: capacity))
    guard size > 0 else { return false }
    let end = position &+ UInt64(truncatingIfNeeded: size)
    bpf_set_position(place, end <= UInt64(capacity) ? end : UInt64(capacity))
    return end <= UInt64(capacity)
  }

  /// Appends a C string of the kernel's memory, with its zero byte.
  ///
  /// - Returns: false if there is no room for all of it, or if the address cannot be read.
  /// - Requires: Linux 5.5; a GPL-compatible license.
  @inline(__always) @discardableResult
  public func appendKernelText(from address: UnsafeRawPointer?) -> Bool {
    appendText { bpf_probe_read_kernel_str($0, $1, address) }
  }

  /// Appends a C string of the running process, with its zero byte.
  ///
  /// - Returns: false if there is no room for all of it, or if the address cannot be read or is not in memory just now.
  /// - Requires: Linux 5.5; a GPL-compatible license.
  @inline(__always) @discardableResult
  public func appendUserText(from address: UnsafeRawPointer?) -> Bool {
    appendText { bpf_probe_read_user_str($0, $1, address) }
  }
}

extension RingBuffer {
  /// Sends the bytes of a builder as one record, which starts with a `Record`.
  ///
  /// - Returns: whether there was room. Count it if not: the kernel does not.
  /// Source: `bpf_ringbuf_output`.
  @inline(__always) @discardableResult
  public mutating func send<let capacity: Int>(
    _ bytes: ByteBuilder<capacity>.Bytes, wakeup: RingWakeup = .adaptive
  ) -> Bool {
    guard let count = bounded(bytes.count, below: UInt64(capacity) &+ 1) else { return false }
    let map = address
    return bpf_ringbuf_output(map, bytes.start, count, wakeup.flags(of: map, adding: count)) == 0
  }
}

extension IteratorItem {
  /// Writes the bytes of a builder to the iterator's file.
  ///
  /// - Requires: Linux 5.8; a GPL-compatible license.
  ///
  /// Source: `bpf_seq_write`.
  @inline(__always) @discardableResult
  public func write<let capacity: Int>(_ bytes: ByteBuilder<capacity>.Bytes) -> Status {
    guard let count = bounded(bytes.count, below: UInt64(capacity) &+ 1) else { return Status(rawValue: -7) }
    return Status(rawValue: bpf_seq_write(output, bytes.start, UInt32(truncatingIfNeeded: count)))
  }
}

extension PerfEventArray {
  /// Sends the bytes of a builder as one record, which starts with a `Record`, through the ring of this CPU.
  ///
  /// - Requires: Linux 4.4; a GPL-compatible license.
  ///
  /// Source: `bpf_perf_event_output` with `BPF_F_CURRENT_CPU`.
  @inline(__always) @discardableResult
  public mutating func send<let capacity: Int>(
    _ bytes: ByteBuilder<capacity>.Bytes, context: some ProgramContext
  ) -> Bool {
    guard let count = bounded(bytes.count, below: UInt64(capacity) &+ 1) else { return false }
    return bpf_perf_event_output(context.pointer, address, 0xffff_ffff, bytes.start, count) == 0
  }
}
