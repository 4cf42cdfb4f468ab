// SPDX-License-Identifier: Apache-2.0
import BPFSystem
import Synchronization
import SystemPackage

/// The perf ring of one CPU.
///
/// The first page holds the positions (`data_head` at 1024, `data_tail` at 1032: include/uapi/linux/perf_event.h), the
/// data follows and wraps around in the middle of records.
final class PerfRing {
  let cpu: Int
  let descriptor: Descriptor
  private let memory: MappedMemory
  private let data: UnsafeRawPointer
  private let mask: UInt64
  /// How far this reader is.
  private var tail: UInt64
  /// How far the kernel knows that it is.
  private var published: UInt64
  /// Where the writers were when they were looked at last.
  private var end: UInt64
  /// A record that wraps around is put together here.
  private var scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 8)

  /// - Throws: `ENODEV` when the CPU is offline.
  init(cpu: Int, _ options: PerfOptions) throws(Errno) {
    var event = PerfEvent.bpfOutput(wakeup: options.wakeup.event)
    event.sampleType |= 1 << 2  // PERF_SAMPLE_TIME
    event.clock = .monotonic
    descriptor = try Perf.open(event, cpu: CInt(cpu))
    let size = options.pages * MappedMemory.pageSize
    memory = try MappedMemory(fd: descriptor.rawValue, count: MappedMemory.pageSize + size, isWritable: true)
    data = UnsafeRawPointer(memory.bytes.baseAddress.unsafelyUnwrapped + MappedMemory.pageSize)
    mask = UInt64(size) - 1
    self.cpu = cpu
    (tail, published, end) = (0, 0, 0)
    tail = word(at: 1032).pointee.load(ordering: .relaxed)
    (published, end) = (tail, tail)
  }

  deinit { scratch.deallocate() }

  private func word(at offset: Int) -> UnsafePointer<Atomic<UInt64>> {
    UnsafePointer((memory.bytes.baseAddress.unsafelyUnwrapped + offset).assumingMemoryBound(to: Atomic<UInt64>.self))
  }

  /// Whether there is something beyond what was looked at.
  var hasMore: Bool { head != tail }

  /// Whether everything that was looked at is read.
  var isExhausted: Bool { tail == end }

  /// Looks where the writers are. Acquire: what they wrote before comes with it.
  func refresh() { end = head }

  private var head: UInt64 { word(at: 1024).pointee.load(ordering: .acquiring) }

  /// Gives the space of what was read back to the writers.
  func publish() {
    guard tail != published else { return }
    word(at: 1032).pointee.store(tail, ordering: .releasing)
    published = tail
  }

  /// What stands at the reader's position.
  enum Item {
    case record(PerfRecord, UnsafeRawBufferPointer)
    case lost(UInt64)
    /// Something that nobody asked for.
    case other
  }

  /// The time of the next item; nil when everything that was looked at is read. Zero for items without time.
  var nextTime: UInt64? {
    guard end &- tail >= 8 else { return nil }
    let header = bytes(at: tail, count: 8).load(as: PerfHeader.self)
    guard header.type == PerfHeader.sample, header.size >= 16 else { return 0 }
    return bytes(at: tail &+ 8, count: 8).load(as: UInt64.self)
  }

  /// Takes the next item; nil when everything that was looked at is read. Its bytes are valid until this is called again
  /// or the position is published.
  func next() -> Item? {
    if tail &- published > mask / 8 { publish() }
    guard end &- tail >= 8 else { return nil }
    let header = bytes(at: tail, count: 8).load(as: PerfHeader.self)
    let size = UInt64(header.size)
    guard size >= 8, size <= end &- tail else {
      // Never written by a kernel: skip what cannot be told apart.
      tail = end
      return .other
    }
    let record = bytes(at: tail, count: Int(size))
    tail = tail &+ size
    switch header.type {
    case PerfHeader.sample:
      // u64 time, u32 size, bytes.
      guard size >= 20 else { return .other }
      let length = min(Int(record.load(fromByteOffset: 16, as: UInt32.self)), Int(size) - 20)
      return .record(
        PerfRecord(cpu: cpu, time: record.load(fromByteOffset: 8, as: UInt64.self)),
        UnsafeRawBufferPointer(rebasing: record[20..<20 + length]))
    case PerfHeader.lost where size >= 24:
      // u64 id, u64 how many.
      return .lost(record.load(fromByteOffset: 16, as: UInt64.self))
    default:
      return .other
    }
  }

  /// Bytes in one piece: where they lie, or a copy when they wrap around.
  private func bytes(at position: UInt64, count: Int) -> UnsafeRawBufferPointer {
    let start = Int(position & mask)
    let first = Int(mask) + 1 - start
    guard count > first else { return UnsafeRawBufferPointer(start: data + start, count: count) }
    if scratch.count < count {
      scratch.deallocate()
      scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 4096), alignment: 8)
    }
    scratch.copyMemory(from: UnsafeRawBufferPointer(start: data + start, count: first))
    UnsafeMutableRawBufferPointer(rebasing: scratch[first...])
      .copyMemory(from: UnsafeRawBufferPointer(start: data, count: count - first))
    return UnsafeRawBufferPointer(rebasing: scratch[..<count])
  }
}

/// struct perf_event_header.
private struct PerfHeader {
  var type: UInt32
  var misc: UInt16
  var size: UInt16

  static let lost: UInt32 = 2
  static let sample: UInt32 = 9
}
