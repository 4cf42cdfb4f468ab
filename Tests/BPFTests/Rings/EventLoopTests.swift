// SPDX-License-Identifier: Apache-2.0
import BPF
import BPFSystem
import TestSupport
import Testing

/// Readers as asynchronous sequences.
@Suite(.requires(.root), .requires(kernel: "5.10"), .timeLimit(.minutes(10))) struct EventLoopTests {
  static let cpus = (try? CPUSet.online.numbers) ?? [0]

  /// A ring or a perf array, its reader, and a way to write to it.
  private struct Subject {
    let source: RecordSource
    let reader: EventReader<UInt64>

    init(_ kind: RecordSource.Kind) throws {
      if kind == .perf {
        source = try RecordSource(.perf, size: try CPUSet.possible.count)
        reader = try PerfReader(source.map) { bytes, _ in bytes.number }
      } else {
        source = try RecordSource(kind)
        reader = try RingReader(source.map) { $0.number }
      }
    }

    func write(_ count: Int) throws {
      if source.kind != .perf { return try source.write(count) }
      for round in 0..<count { try source.write(onCPU: EventLoopTests.cpus[round % EventLoopTests.cpus.count]) }
    }
  }

  @Test(arguments: [RecordSource.Kind.ring, .perf]) func eventsArriveAsTheyAreWritten(_ kind: RecordSource.Kind)
    async throws
  {
    let subject = try Subject(kind)
    let reader = subject.reader
    let loop = Task {
      var numbers: [UInt64] = []
      for try await number in reader {
        numbers.append(number)
        if numbers.count == 300 { break }
      }
      return numbers
    }
    for _ in 0..<30 {
      try subject.write(10)
      await Task.yield()
    }
    // Of CPUs that wrote at the same time either may be seen first.
    let numbers = try await loop.value
    #expect(kind == .perf ? numbers.sorted() == Array(1...300) : numbers == Array(1...300))
  }

  /// What a loop did not see is there for the next one, however the first ended.
  @Test(arguments: [RecordSource.Kind.ring, .perf]) func loopsGoOnWhereTheLastOneEnded(_ kind: RecordSource.Kind)
    async throws
  {
    struct Stop: Error {}
    let subject = try Subject(kind)
    try subject.write(100)
    var numbers: [UInt64] = []
    for try await number in subject.reader {
      numbers.append(number)
      if number == 10 { break }
    }
    do {
      for try await number in subject.reader {
        numbers.append(number)
        if number == 20 { throw Stop() }
      }
    } catch is Stop {}
    numbers.append(try #require(try subject.reader.next()))
    let task = Task { [reader = subject.reader] in
      var seen: [UInt64] = []
      for try await number in reader {
        seen.append(number)
        if number == 50 { withUnsafeCurrentTask { $0?.cancel() } }
      }
      return seen
    }
    numbers += try await task.value
    try subject.reader.poll(limit: 10) { numbers.append($0) }
    subject.reader.wake()
    for try await _ in subject.reader { Issue.record("it was woken") }
    for try await number in subject.reader {
      numbers.append(number)
      if number == 100 { break }
    }
    #expect(numbers == Array(1...100))
  }

  @Test func decodersEndALoopWithTheirError() async throws {
    struct Third: Error {}
    let source = try RecordSource(.ring)
    let reader = try RingReader<UInt64>(source.map) {
      if $0.number == 3 { throw Third() }
      return $0.number
    }
    try source.write(5)
    var numbers: [UInt64] = []
    do {
      for try await number in reader { numbers.append(number) }
    } catch {
      #expect(error.underlying is Third)
    }
    for try await number in reader {
      numbers.append(number)
      if number == 5 { break }
    }
    #expect(numbers == [1, 2, 4, 5])
  }

  /// Each record wakes a reader that waits already, or is seen by one that is about to.
  @Test(arguments: [RecordSource.Kind.ring, .perf]) func noWakeupIsMissed(_ kind: RecordSource.Kind) async throws {
    let subject = try Subject(kind)
    subject.reader.checkInterval = nil
    var iterator = subject.reader.makeAsyncIterator()
    for round in 1...100 {
      let writer = Task { try subject.write(1) }
      try await expectEqual(iterator.next(), UInt64(round))
      try await writer.value
    }
  }

  @Test(arguments: [RecordSource.Kind.ring, .perf]) func cancellationEndsALoop(_ kind: RecordSource.Kind) async throws {
    let subject = try Subject(kind)
    for delay in [Duration.zero, .milliseconds(5)] {
      let loop = Task { [reader = subject.reader] in
        var count = 0
        for try await _ in reader { count += 1 }
        return count
      }
      try await Task.sleep(for: delay)
      loop.cancel()
      #expect(try await loop.value == 0)
    }
    // And the next one reads on.
    try subject.write(1)
    var iterator = subject.reader.makeAsyncIterator()
    try await expectEqual(iterator.next(), 1)
  }

  @Test(arguments: [RecordSource.Kind.ring, .perf]) func wakingEndsALoop(_ kind: RecordSource.Kind) async throws {
    let subject = try Subject(kind)
    let loop = Task { [reader = subject.reader] in
      for try await _ in reader { return false }
      return true
    }
    await Task.yield()
    subject.reader.wake()
    #expect(try await loop.value)
  }

  /// A reader that does not read holds back nobody but itself: the ring fills, and the rest is refused.
  @Test func slowReaderFillsTheRing() async throws {
    let source = try RecordSource(.ring, size: 4096)
    try source.configure(length: 56)
    let reader = try RingReader(source.map) { $0.number }
    var iterator = reader.makeAsyncIterator()
    try source.write(1)
    try await expectEqual(iterator.next(), 1)
    // Nothing is read ahead: the first record's space is the reader's until it asks for the next.
    try source.write(100)
    #expect(try source.refused == 38)
    for expected in 2...63 { #expect(try await iterator.next() == UInt64(expected)) }
  }

  @Test(arguments: [RecordSource.Kind.ring, .perf]) func recordsWithoutAWakeupAreFoundInTime(
    _ kind: RecordSource.Kind
  ) async throws {
    let source = try RecordSource(kind, size: kind == .perf ? try CPUSet.possible.count : 1 << 16)
    let reader: EventReader<UInt64>
    if kind == .perf {
      // Fewer records than the reader is woken for.
      reader = try PerfReader(source.map, options: PerfOptions(wakeup: .records(1000))) { bytes, _ in bytes.number }
    } else {
      try source.configure(length: 64, flags: 1)
      reader = try RingReader(source.map) { $0.number }
    }
    reader.checkInterval = .milliseconds(10)
    let loop = Task { () -> UInt64? in
      for try await number in reader { return number }
      return nil
    }
    await Task.yield()
    if kind == .perf { try source.write(onCPU: 0) } else { try source.write(1) }
    #expect(try await loop.value == 1)
  }

  @Test func perfLossIsCounted() async throws {
    let source = try RecordSource(.perf, size: try CPUSet.possible.count)
    try source.configure(length: 1000)
    let reader = try PerfReader(source.map, options: PerfOptions(pages: 1)) { bytes, _ in bytes.number }
    for _ in 0..<20 { try source.write(onCPU: 0) }
    var iterator = reader.makeAsyncIterator()
    var count: UInt64 = 0
    while let number = try reader.next(timeout: .zero) {
      count += 1
      #expect(number == count)
    }
    try source.write(onCPU: 0)
    try await expectEqual(iterator.next(), 21)
    #expect(count + reader.lost == 20)
  }

  @Test func manyRingsWaitOnOneThread() async throws {
    let sources = try (0..<20).map { try RecordSource(.ring, size: 4096, tag: UInt64($0)) }
    try await withThrowingTaskGroup(of: (UInt64, UInt64).self) { group in
      for source in sources {
        let reader = try RingReader(source.map) { ($0.tag, $0.number) }
        group.addTask {
          for try await record in reader where record.1 == 5 { return record }
          return (0, 0)
        }
      }
      for round in 0..<5 {
        for source in sources.shuffled() { try source.write(1) }
        if round % 2 == 0 { try await Task.sleep(for: .milliseconds(1)) }
      }
      var tags: Set<UInt64> = []
      for try await (tag, number) in group {
        #expect(number == 5)
        tags.insert(tag)
      }
      #expect(tags.count == 20)
    }
  }
}
