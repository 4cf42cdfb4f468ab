// SPDX-License-Identifier: Apache-2.0

/// Amounts as people read them.
public enum Amount {
  /// `1,204`.
  public static func count(_ count: UInt64) -> String {
    var text = ""
    for (index, digit) in String(count).reversed().enumerated() {
      if index > 0, index % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }

  /// `812 M`: three figures, for numbers that grow for days.
  public static func rough(_ count: UInt64) -> String {
    count < 1000 ? "\(count)" : scaled(count, 1000, [" k", " M", " G", " T", " P", " E"])
  }

  /// `4.1 KB`, in steps of 1,024.
  public static func bytes(_ bytes: UInt64) -> String {
    bytes < 1024 ? "\(bytes) B" : scaled(bytes, 1024, [" KB", " MB", " GB", " TB", " PB", " EB"])
  }

  /// `3.1 ms`, of nanoseconds.
  public static func duration(_ nanoseconds: UInt64) -> String {
    if nanoseconds < 1000 { return "\(nanoseconds) ns" }
    if nanoseconds < 1_000_000_000 { return scaled(nanoseconds, 1000, [" µs", " ms", " s"]) }
    let seconds = nanoseconds / 1_000_000_000
    switch seconds {
    case ..<60: return tenths(nanoseconds / 100_000_000) + " s"
    case ..<3600: return two(seconds / 60, "min", seconds % 60, "s")
    case ..<86_400: return two(seconds / 3600, "h", seconds / 60 % 60, "min")
    default: return two(seconds / 86_400, "d", seconds / 3600 % 24, "h")
    }
  }

  /// `0.4 %`.
  public static func percent(_ share: Double) -> String {
    guard share.isFinite, share >= 0 else { return "0 %" }
    let text = tenths(UInt64(min(share, 1_000_000) * 1000 + 0.5))
    return (text.hasSuffix(".0") ? String(text.dropLast(2)) : text) + " %"
  }

  private static func two(_ large: UInt64, _ unit: String, _ small: UInt64, _ smallUnit: String) -> String {
    small == 0 ? "\(large) \(unit)" : "\(large) \(unit) \(small) \(smallUnit)"
  }

  private static func tenths(_ tenths: UInt64) -> String { "\(tenths / 10).\(tenths % 10)" }

  /// One digit behind the point below ten, none from ten on.
  private static func scaled(_ value: UInt64, _ step: UInt64, _ units: [String]) -> String {
    var divisor = step
    var unit = 0
    while value / divisor >= step, unit + 1 < units.count {
      divisor *= step
      unit += 1
    }
    let whole = value / divisor
    // A tenth of 1,024 is not whole.
    return (whole < 10 ? "\(whole).\(min(value % divisor / (divisor / 10), 9))" : "\(whole)") + units[unit]
  }
}
