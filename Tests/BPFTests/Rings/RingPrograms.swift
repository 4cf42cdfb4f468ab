// SPDX-License-Identifier: Apache-2.0
import BPF
import BPFSystem
import Glibc
import SystemPackage
import Testing

/// One instruction slot.
func slot(_ opcode: UInt8, _ dst: UInt8 = 0, _ src: UInt8 = 0, _ offset: Int16 = 0, _ immediate: Int32 = 0) -> UInt64 {
  UInt64(opcode) | UInt64(dst | src << 4) << 8 | UInt64(UInt16(bitPattern: offset)) << 16
    | UInt64(UInt32(bitPattern: immediate)) << 32
}

/// `dst = map` as a wide instruction.
func loadMap(_ dst: UInt8, _ fd: CInt) -> [UInt64] { [slot(0x18, dst, 1, 0, fd), 0] }

/// A traffic classifier (its test runs are the cheapest) that writes a record on each run, told by an array of one
/// element what to write.
///
/// The element is the record's source as well, so a record begins with its number, counted from 1:
///
///     0 u64 number | 8 u32 length | 12 u32 flags | 16 u64 refused | 24 u64 tag | ... up to 8192 bytes
final class RecordSource: @unchecked Sendable {
  enum Kind {
    /// `bpf_ringbuf_output` of as much as the element says.
    case ring
    /// `bpf_ringbuf_reserve` of 64 bytes; every third record is discarded.
    case reserving
    /// `bpf_perf_event_output` to the CPU's own ring.
    case perf
  }

  static let elementSize = 8192
  static let filling = (0..<elementSize).map { UInt8(truncatingIfNeeded: $0) }
  let kind: Kind
  let map: AnyMap
  let element: Descriptor
  let program: Descriptor
  let size: Int

  /// - Parameters:
  ///   - size: bytes of the ring; entries of the perf event array.
  ///   - sharing: the ring of another source.
  init(_ kind: Kind, size: Int = 1 << 16, tag: UInt64 = 0, sharing other: RecordSource? = nil) throws {
    self.kind = kind
    self.size = other?.size ?? size
    let create =
      kind == .perf
      ? MapCreate(type: 4, keySize: 4, valueSize: 4, maxEntries: UInt32(size))
      : MapCreate(type: 27, keySize: 0, valueSize: 0, maxEntries: UInt32(size))
    map = try other?.map ?? AnyMap(owning: BPFCall.createMap(create), name: "records")
    element = try BPFCall.createMap(
      MapCreate(type: 2, keySize: 4, valueSize: UInt32(Self.elementSize), maxEntries: 1))
    program = try BPFCall.loadProgram(
      ProgramLoad(type: kind == .perf ? 17 : 3, name: "records"),
      instructions: Self.code(kind, map.fd, element.rawValue).span.bytes)
    try configure(length: 64, tag: tag)
  }

  private static func code(_ kind: Kind, _ map: CInt, _ element: CInt) -> [UInt64] {
    let write: [UInt64] =
      switch kind {
      case .ring:
        loadMap(1, map) + [
          slot(0xbf, 2, 6),  // r2 = element
          slot(0x61, 3, 6, 8),  // r3 = length
          slot(0x57, 3, 0, 0, 0x1fff),
          slot(0x61, 4, 6, 12),  // r4 = flags
          slot(0x85, 0, 0, 0, 130),
        ]
      case .reserving:
        loadMap(1, map) + [
          slot(0xb7, 2, 0, 0, 64),
          slot(0xb7, 3, 0, 0, 0),
          slot(0x85, 0, 0, 0, 131),
          slot(0x15, 0, 0, 13, 0),  // full: skip, r0 = 0 as if it were written
          slot(0x79, 1, 6, 0),
          slot(0x7b, 0, 1, 0),  // the number
          slot(0xbf, 3, 1),
          slot(0x97, 3, 0, 0, 3),
          slot(0xbf, 1, 0),
          slot(0x61, 2, 6, 12),
          slot(0x15, 3, 0, 3, 0),
          slot(0x85, 0, 0, 0, 132),
          slot(0xb7, 0, 0, 0, 0),
          slot(0x05, 0, 0, 2),
          slot(0x85, 0, 0, 0, 133),
          slot(0xb7, 0, 0, 0, 0),
          slot(0x05, 0, 0, 0),
          slot(0x05, 0, 0, 0),
        ]
      case .perf:
        [slot(0xbf, 1, 7)] + loadMap(2, map) + [
          slot(0x18, 3, 0, 0, -1), 0,  // BPF_F_CURRENT_CPU
          slot(0xbf, 4, 6),
          slot(0x61, 5, 6, 8),
          slot(0x57, 5, 0, 0, 0x1fff),
          slot(0x85, 0, 0, 0, 25),
        ]
      }
    let head: [UInt64] =
      [slot(0xbf, 7, 1), slot(0x62, 10, 0, -4, 0)] + loadMap(1, element) + [
        slot(0xbf, 2, 10),
        slot(0x07, 2, 0, 0, -4),
        slot(0x85, 0, 0, 0, 1),
        slot(0x55, 0, 0, 2, 0),
        slot(0xb7, 0, 0, 0, 0),
        slot(0x95),
        slot(0xbf, 6, 0),
        slot(0x79, 1, 6, 0),  // number += 1
        slot(0x07, 1, 0, 0, 1),
        slot(0x7b, 6, 1, 0),
      ]
    let tail: [UInt64] = [
      slot(0x15, 0, 0, 3, 0),
      slot(0x79, 1, 6, 16),  // refused += 1
      slot(0x07, 1, 0, 0, 1),
      slot(0x7b, 6, 1, 16),
      slot(0xb7, 0, 0, 0, 0),
      slot(0x95),
    ]
    return head + write + tail
  }

  /// Sets what the next records look like. Bytes from 32 on count up, so that a cut would show.
  func configure(length: Int, flags: UInt32 = 0, tag: UInt64? = nil) throws {
    var bytes = try read()
    bytes.replaceSubrange(32..., with: Self.filling[32...])
    bytes.withUnsafeMutableBytes {
      $0.storeBytes(of: UInt32(length), toByteOffset: 8, as: UInt32.self)
      $0.storeBytes(of: flags, toByteOffset: 12, as: UInt32.self)
      if let tag { $0.storeBytes(of: tag, toByteOffset: 24, as: UInt64.self) }
    }
    var key: UInt32 = 0
    try BPFCall.update(fd: element.rawValue, key: &key, value: &bytes)
  }

  private func read() throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.elementSize)
    var key: UInt32 = 0
    try BPFCall.lookup(fd: element.rawValue, key: &key, value: &bytes)
    return bytes
  }

  /// How many records were refused for want of space.
  var refused: UInt64 {
    get throws { try read().withUnsafeBytes { $0.load(fromByteOffset: 16, as: UInt64.self) } }
  }

  /// Writes records: one for each run.
  func write(_ count: Int) throws {
    var run = ProgramRun()
    run.data = [UInt8](repeating: 0, count: 64)
    run.repetitions = UInt32(count)
    if count > 0 { _ = try BPFCall.testRun(program: program.rawValue, run) }
  }

  /// Writes one record on a given CPU (perf sources only).
  func write(onCPU cpu: Int) throws {
    var run = ProgramRun()
    run.flags = 1
    run.cpu = UInt32(cpu)
    _ = try BPFCall.testRun(program: program.rawValue, run)
  }
}

extension RawSpan {
  var number: UInt64 { unsafeLoadUnaligned(as: UInt64.self) }
  var tag: UInt64 { unsafeLoadUnaligned(fromByteOffset: 24, as: UInt64.self) }

  /// Whether the filling bytes of a record are the ones that were written.
  func isIntact(_ count: Int? = nil) -> Bool {
    let count = count ?? byteCount
    guard count > 32 else { return true }
    return withUnsafeBytes { bytes in
      RecordSource.filling.withUnsafeBytes { memcmp($0.baseAddress! + 32, bytes.baseAddress! + 32, count - 32) == 0 }
    }
  }
}

/// Runs a closure on a thread of its own.
final class Worker: @unchecked Sendable {
  private var thread = pthread_t()
  private var failure: (any Error)?

  init(_ body: @escaping @Sendable () throws -> Void) {
    final class Box {
      let run: () -> Void
      init(_ run: @escaping () -> Void) { self.run = run }
    }
    let box = Box { [self] in
      do { try body() } catch { failure = error }
    }
    pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().run() }
        return nil
      }, Unmanaged.passRetained(box).toOpaque())
  }

  func join() throws {
    pthread_join(thread, nil)
    if let failure { throw failure }
  }
}

/// `#expect(left == right)` for what changes or cannot be copied while it is computed, which the macro does not take.
func expectEqual<Value: Equatable>(_ left: Value, _ right: Value, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(left == right, sourceLocation: sourceLocation)
}
