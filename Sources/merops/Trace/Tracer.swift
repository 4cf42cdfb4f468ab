// SPDX-License-Identifier: Apache-2.0

import BPF

/// Reads the rings of a collection and prints their records.
final class Tracer {
  private var rings: RingBufferGroup
  private let perf: PerfReaders
  private var names: [String] = []
  private let printer: RecordPrinter
  private(set) var count = 0

  init(_ collection: BPFCollection, types: RecordFormats, json: Bool) throws {
    var rings = try RingBufferGroup()
    let perf = PerfReaders()
    printer = RecordPrinter(types: types, json: json)
    for map in collection.maps {
      switch map.info.type {
      case .ringBuffer:
        _ = try rings.add(RingBuffer(map))
        names.append(map.name)
      case .perfEventArray: perf.append(name: map.name, try PerfBuffer(map, order: .byTime()))
      default: break
      }
    }
    self.rings = rings
    self.perf = perf
  }

  /// Records that perf buffers had no room for. A ring buffer's are the program's to count.
  var lost: UInt64 { perf.lost }

  /// Prints the records that are there, and waits a moment when there are none.
  func poll(limit: Int) throws {
    let (names, printer) = (names, printer)
    var seen = 0
    let most = min(limit, 4096)
    try rings.poll(timeout: .milliseconds(perf.count == 0 ? 100 : 20)) { index, bytes in
      guard seen < most else { return }
      seen += 1
      printer.print(map: names[index], bytes)
    }
    try perf.poll { name, bytes in
      guard seen < most else { return }
      seen += 1
      printer.print(map: name, bytes)
    }
    count += seen
  }
}

/// Perf buffers, which cannot be copied, in a list.
final class PerfReaders {
  private final class Reader {
    let name: String
    var buffer: PerfBuffer
    init(_ name: String, _ buffer: consuming PerfBuffer) {
      self.name = name
      self.buffer = buffer
    }
  }

  private var readers: [Reader] = []

  var count: Int { readers.count }
  var lost: UInt64 { readers.reduce(0) { $0 + $1.buffer.lost } }

  func append(name: String, _ buffer: consuming PerfBuffer) { readers.append(Reader(name, buffer)) }

  func poll(_ body: (String, UnsafeRawBufferPointer) -> Void) throws {
    for reader in readers {
      let name = reader.name
      try reader.buffer.poll(timeout: .milliseconds(20)) { record in body(name, record.bytes) }
    }
  }
}
