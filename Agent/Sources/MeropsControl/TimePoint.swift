// SPDX-License-Identifier: Apache-2.0

/// Times as people write them.
public enum TimePoint {
  /// Nanoseconds since 1970-01-01 UTC of `2026-11-29T14:02:11Z`, `2026-11-29 14:02`, `14:02` (the last time that it was),
  /// `today`, `yesterday`, `1h` (an hour ago), `now`, or `@1795960931` (seconds since 1970).
  ///
  /// - Parameter offset: seconds that a time without a zone is ahead of UTC; none if not given.
  public static func parse(
    _ text: String, now: UInt64, offset: (Int) -> Int = { _ in 0 }
  ) throws(ControlError) -> UInt64 {
    if text == "now" { return now }
    if let ago = duration(text.hasSuffix(" ago") ? String(text.dropLast(4)) : text) {
      return now >= ago ? now - ago : 0
    }
    if text.hasPrefix("@"), let seconds = UInt64(text.dropFirst()), seconds < 1 << 34 { return seconds * second }
    if let time = date(text, now: now, offset: offset) { return time }
    throw .badRequest(
      "'\(text)' is not a time. Write how long ago, such as 30s, 10m, 1h or 7d, or a time, such as 14:02, yesterday, "
        + "2026-11-29 14:02 or 2026-11-29T14:02:11Z.")
  }

  private static let second: UInt64 = 1_000_000_000
  private static let day: UInt64 = 86_400 * second

  /// Nanoseconds of `250ms`, `30s`, `10m`, `1h30m`, `7d`.
  public static func duration(_ text: String) -> UInt64? {
    var rest = Substring(text)
    var total: UInt64 = 0
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      rest = rest.drop { $0 == " " }
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest[digits.endIndex...].drop { $0 == " " }
      let unit = rest.prefix { $0.isASCII && $0.isLetter }
      rest = rest[unit.endIndex...]
      guard let number = UInt64(digits), let size = units[String(unit)] else { return nil }
      let (product, overflow) = number.multipliedReportingOverflow(by: size)
      let (sum, tooLarge) = total.addingReportingOverflow(product)
      guard !overflow, !tooLarge else { return nil }
      total = sum
    }
    return total
  }

  private static let units: [String: UInt64] = [
    "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000, "min": 60_000_000_000, "h": 3_600_000_000_000,
    "d": 86_400_000_000_000, "w": 604_800_000_000_000,
  ]

  /// RFC 3339, with a space for the `T` allowed, without seconds or zone; a date or a clock's time alone; a day by its name.
  private static func date(_ text: String, now: UInt64, offset: (Int) -> Int) -> UInt64? {
    var text = text.uppercased()
    let zone = takeZone(&text)
    let halves = text.split(whereSeparator: { $0 == "T" || $0 == " " }).map(String.init)
    // TODAY and YESTERDAY have a T, too.
    let words = text.split(separator: " ").map(String.init)
    let here = zone ?? offset(Int(now / second))
    let localNow = UInt64(max(Int(now / second) + here, 0)) * second
    let today = localNow / day * day
    var local: UInt64?
    switch words.first {
    case "TODAY": local = sum(today, words.count > 1 ? clock(words[1]) : 0)
    case "YESTERDAY": local = sum(today - min(day, today), words.count > 1 ? clock(words[1]) : 0)
    default:
      if halves.count == 1, let clock = clock(halves[0]) {
        local = today + clock
        if today + clock > localNow { local = today + clock - min(day, today + clock) }
      } else if (1...2).contains(halves.count) {
        local = sum(days(halves[0]), halves.count == 2 ? clock(halves[1]) : 0)
      }
    }
    guard let local, words.count <= 2 else { return nil }
    // The zone's offset at that time, which may be another one than now.
    let utc = Int(local / second) - (zone ?? offset(Int(local / second) - here))
    return utc < 0 ? nil : UInt64(utc) * second + local % second
  }

  private static func sum(_ day: UInt64?, _ clock: UInt64?) -> UInt64? {
    guard let day, let clock else { return nil }
    return day + clock
  }

  /// Seconds that `Z`, `+01:00` or `-0330` is ahead of UTC; nil without one.
  private static func takeZone(_ text: inout String) -> Int? {
    if text.hasSuffix("Z") {
      text.removeLast()
      return 0
    }
    // A date has dashes, too: a zone stands behind a clock's time.
    guard let colon = text.firstIndex(of: ":"), let sign = text[colon...].lastIndex(where: { $0 == "+" || $0 == "-" })
    else { return nil }
    let digits = text[text.index(after: sign)...].filter { $0 != ":" }
    guard digits.count == 4 || digits.count == 2, let number = Int(digits) else { return nil }
    let minutes = digits.count == 2 ? number * 60 : number / 100 * 60 + number % 100
    guard minutes <= 14 * 60 else { return nil }
    let isBehind = text[sign] == "-"
    text = String(text[..<sign])
    return (isBehind ? -60 : 60) * minutes
  }

  /// Nanoseconds of `14:02`, `14:02:11`, `14:02:11.418`.
  private static func clock(_ text: String) -> UInt64? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count) else { return nil }
    let clock = parts[0].split(separator: ":", omittingEmptySubsequences: false).map { UInt64($0) }
    guard (2...3).contains(clock.count), let hour = clock[0], let minute = clock[1], hour < 24, minute < 60,
      let seconds = clock.count == 3 ? clock[2] : 0, seconds <= 60
    else { return nil }
    var fraction: UInt64 = 0
    if parts.count == 2 {
      guard (1...9).contains(parts[1].count), let number = UInt64(parts[1]) else { return nil }
      fraction = (0..<(9 - parts[1].count)).reduce(number) { number, _ in number * 10 }
    }
    return (hour * 3600 + minute * 60 + seconds) * second + fraction
  }

  /// Nanoseconds of `2026-11-29`.
  private static func days(_ text: String) -> UInt64? {
    let days = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard days.count == 3, let year = days[0], let month = days[1], let day = days[2], (1970...2500).contains(year),
      (1...12).contains(month), (1...31).contains(day)
    else { return nil }
    // Years begin in March, so that the leap day is a year's last.
    let (shiftedYear, shiftedMonth) = month > 2 ? (year, month - 3) : (year - 1, month + 9)
    let dayOfEra =
      365 * shiftedYear + shiftedYear / 4 - shiftedYear / 100 + shiftedYear / 400 + (153 * shiftedMonth + 2) / 5 + day
      - 1
    return UInt64(dayOfEra - 719_468) * Self.day
  }
}
