// SPDX-License-Identifier: Apache-2.0

/// Writes times as RFC 3339 has them, in UTC with nine digits behind the point. The last second's text is kept: most events
/// are of the same second as the one before.
struct TimeText: Sendable {
  private var second = UInt64.max
  private var text: [UInt8] = []

  mutating func append(_ nanoseconds: UInt64, to buffer: inout [UInt8]) {
    let (second, fraction) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    if second != self.second {
      self.second = second
      text = Self.text(second)
    }
    buffer += text
    buffer.appendDecimal(fraction, digits: 9)
    buffer.append(UInt8(ascii: "Z"))
  }

  /// `2026-11-29T14:02:11.`, in the proleptic Gregorian calendar.
  private static func text(_ second: UInt64) -> [UInt8] {
    let (days, rest) = second.quotientAndRemainder(dividingBy: 86_400)
    // Years begin in March here, so that the leap day is a year's last; 1970-01-01 is day 719,468 of the calendar.
    let (era, dayOfEra) = (days + 719_468).quotientAndRemainder(dividingBy: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    var text: [UInt8] = []
    text.appendDecimal(year, digits: 4)
    for (separator, number) in [("-", month), ("-", day), ("T", rest / 3600), (":", rest / 60 % 60), (":", rest % 60)] {
      text += separator.utf8
      text.appendDecimal(number, digits: 2)
    }
    text.append(UInt8(ascii: "."))
    return text
  }
}
