// SPDX-License-Identifier: Apache-2.0

/// Times as people write them.
public enum TimePoint {
  /// Nanoseconds since 1970-01-01 UTC of `2026-11-29T14:02:11Z`, `2026-11-29 14:02` (UTC), `1h` (an hour ago) or `now`.
  public static func parse(_ text: String, now: UInt64) throws(ControlError) -> UInt64 {
    if text == "now" { return now }
    if let ago = duration(text) { return now >= ago ? now - ago : 0 }
    if let time = date(text) { return time }
    throw .badRequest(
      "'\(text)' is not a time. Write how long ago, such as 30s, 10m, 1h or 7d, or a time in UTC, such as "
        + "2026-11-29T14:02:11Z.")
  }

  /// Nanoseconds of `250ms`, `30s`, `10m`, `1h30m`, `7d`.
  public static func duration(_ text: String) -> UInt64? {
    var rest = Substring(text)
    var total: UInt64 = 0
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest[digits.endIndex...]
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

  /// RFC 3339, with a space for the `T` allowed, and without seconds or the `Z`.
  private static func date(_ text: String) -> UInt64? {
    var text = text.uppercased()
    if text.hasSuffix("Z") { text.removeLast() }
    let halves = text.split(whereSeparator: { $0 == "T" || $0 == " " }).map(String.init)
    guard (1...2).contains(halves.count) else { return nil }
    let days = halves[0].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard days.count == 3, let year = days[0], let month = days[1], let day = days[2], (1970...2500).contains(year),
      (1...12).contains(month), (1...31).contains(day)
    else { return nil }
    var seconds: Int = 0
    var fraction: UInt64 = 0
    if halves.count == 2 {
      let parts = halves[1].split(separator: ".", omittingEmptySubsequences: false)
      guard (1...2).contains(parts.count) else { return nil }
      let clock = parts[0].split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
      guard (2...3).contains(clock.count), let hour = clock[0], let minute = clock[1], (0..<24).contains(hour),
        (0..<60).contains(minute), let second = clock.count == 3 ? clock[2] : 0, (0...60).contains(second)
      else { return nil }
      seconds = hour * 3600 + minute * 60 + second
      if parts.count == 2 {
        guard (1...9).contains(parts[1].count), let number = UInt64(parts[1]) else { return nil }
        fraction = (0..<(9 - parts[1].count)).reduce(number) { number, _ in number * 10 }
      }
    }
    // Years begin in March, so that the leap day is a year's last.
    let (shiftedYear, shiftedMonth) = month > 2 ? (year, month - 3) : (year - 1, month + 9)
    let dayOfEra =
      365 * shiftedYear + shiftedYear / 4 - shiftedYear / 100 + shiftedYear / 400 + (153 * shiftedMonth + 2) / 5 + day
      - 1
    return UInt64((dayOfEra - 719_468) * 86_400 + seconds) * 1_000_000_000 + fraction
  }
}
