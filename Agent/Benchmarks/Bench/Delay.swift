// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How late JSON lines arrive: from the time that stands in each to the moment in which it is read from standard input.
enum Delay {
  /// Reads to the end, then prints percentiles. Lines of two seconds ago and earlier, such as those from before the
  /// reader, count as well.
  static func read() {
    var delays: [UInt32] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var held = 0
    var clock = Clock()
    while true {
      let count = buffer.withUnsafeMutableBytes { room in
        Glibc.read(STDIN_FILENO, room.baseAddress?.advanced(by: held), room.count - held)
      }
      guard count > 0 else { break }
      let now = nanoseconds()
      let end = held + count
      var start = 0
      while let line = buffer[start..<end].firstIndex(of: UInt8(ascii: "\n")) {
        if let time = clock.time(buffer[start..<line]), now > time {
          delays.append(UInt32(clamping: (now - time) / 1000))
        }
        start = line + 1
      }
      buffer.replaceSubrange(0..<end - start, with: Array(buffer[start..<end]))
      held = end - start
      if held == buffer.count { break }
    }
    delays.sort()
    guard let last = delays.last else { return print("no lines") }
    func part(_ share: Double) -> String { milliseconds(delays[Int(Double(delays.count - 1) * share)]) }
    print(
      "\(delays.count) lines, half of them within \(part(0.5)) ms, 99 % within \(part(0.99)), all within \(milliseconds(last))"
    )
  }

  private static func milliseconds(_ microseconds: UInt32) -> String {
    "\(microseconds / 1000).\(String(microseconds % 1000 + 1000).dropFirst())"
  }

  private static func nanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// Reads `{"time":"2026-11-29T14:02:11.418000000Z"`. Most lines are of the minute before them.
  private struct Clock {
    private var minute: [UInt8] = []
    private var since1970: UInt64 = 0

    mutating func time(_ line: ArraySlice<UInt8>) -> UInt64? {
      let start = line.startIndex + 9
      guard line.count > 40 else { return nil }
      let text = line[start..<start + 17]
      if !text.elementsEqual(minute) {
        var parts = tm()
        let numbers = text.split(whereSeparator: { !(0x30...0x39).contains($0) })
          .compactMap { CInt(String(decoding: $0, as: UTF8.self)) }
        guard numbers.count == 5 else { return nil }
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
        (parts.tm_hour, parts.tm_min) = (numbers[3], numbers[4])
        since1970 = UInt64(max(0, timegm(&parts)))
        minute = Array(text)
      }
      func number(_ range: Range<Int>) -> UInt64 {
        line[start + range.lowerBound..<start + range.upperBound].reduce(0) { $0 * 10 + UInt64($1 &- 48) }
      }
      return (since1970 + number(17..<19)) * 1_000_000_000 + number(20..<29)
    }
  }
}
