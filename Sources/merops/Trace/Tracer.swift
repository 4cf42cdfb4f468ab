// SPDX-License-Identifier: Apache-2.0

import BPF

/// Reads the rings of a collection and prints their records.
final class Tracer {
  /// One reader for all ring buffers, and one for each perf event array. An event is a line of output.
  private var readers: [EventReader<String>] = []
  private var perfReaders: [PerfReader<String>] = []
  private(set) var count = 0

  /// - Throws: before anything is attached, so that nothing is sent that nobody reads.
  init(_ collection: BPFCollection, printer: RecordPrinter) throws {
    var rings: RingReader<String>?
    for map in collection.maps {
      let name = map.name
      switch map.info.type {
      case .ringBuffer:
        if let rings {
          try rings.add(map) { printer.line(map: name, $0) }
        } else {
          let reader = try RingReader<String>(map) { printer.line(map: name, $0) }
          rings = reader
          readers.append(reader)
        }
      case .perfEventArray:
        let reader = try PerfReader<String>(map) { bytes, _ in printer.line(map: name, bytes) }
        readers.append(reader)
        perfReaders.append(reader)
      default: break
      }
    }
  }

  /// Records that perf buffers had no room for. A ring buffer's are the program's to count.
  var lost: UInt64 { perfReaders.reduce(0) { $0 + $1.lost } }

  /// Prints records that are there, and waits a moment when there are none.
  func poll(limit: Int) throws {
    guard !readers.isEmpty else { return Interrupt.wait(Seconds(0.1)) }
    var left = limit
    for (index, reader) in readers.enumerated() where left > 0 {
      // Who is last waits for all, unless somebody had something.
      let isLast = index == readers.count - 1 && left == limit
      left -= try reader.poll(
        timeout: isLast ? .milliseconds(readers.count == 1 ? 100 : 20) : .zero, limit: min(left, 1024)
      ) { Output.line($0) }
    }
    count += limit - left
  }

  /// How many records are left in the rings when nothing writes to them any more.
  func countRest() -> Int {
    var rest = 0
    for case let reader as RingReader<String> in readers { rest += reader.consumeRecords { _ in } }
    for reader in perfReaders { rest += reader.consumeRecords { _, _ in } }
    return rest
  }
}
