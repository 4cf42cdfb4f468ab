// SPDX-License-Identifier: Apache-2.0

extension Double {
  /// With as many decimals as asked.
  func text(_ decimals: Int) -> String {
    let scale = decimals == 0 ? 1 : decimals == 1 ? 10 : 100
    let (whole, part) = Int((self * Double(scale)).rounded()).quotientAndRemainder(dividingBy: scale)
    let digits = "\(part)"
    return decimals == 0 ? "\(whole)" : "\(whole).\(String(repeating: "0", count: decimals - digits.count))\(digits)"
  }
}

extension Comparison {
  /// As exact as it is printed.
  private static func isMet(_ ratio: Double, _ limit: Double) -> Bool { ratio < limit + 0.005 }

  /// Whether instructions and time are within 1.10 and the verifier's work within 1.25 of C's.
  var isMet: Bool {
    Self.isMet(instructions.ratio, 1.1) && Self.isMet(nanoseconds.ratio, 1.1) && Self.isMet(verified.ratio, 1.25)
  }

  fileprivate var row: [String] {
    func cells(_ figures: Figures, _ decimals: Int) -> [String] {
      [figures.c.text(decimals), figures.swift.text(decimals), figures.ratio.text(2)]
    }
    return [pair.name, pair.hook] + cells(instructions, 0) + cells(verified, 0) + cells(nanoseconds, 1) + [
      net.ratio.text(2), isMet ? "met" : "missed",
    ]
  }

  fileprivate var json: String {
    func object(_ figures: Figures) -> String {
      "{\"c\": \(figures.c), \"swift\": \(figures.swift), \"ratio\": \(figures.ratio)}"
    }
    return "{\"name\": \"\(pair.name)\", \"instructions\": \(object(instructions)), \"verified\": \(object(verified)), "
      + "\"nanoseconds\": \(object(nanoseconds)), \"net\": \(object(net)), \"compared\": \(compared), \"met\": \(isMet)}"
  }
}

/// One table for people, in Markdown's form.
func table(_ comparisons: [Comparison]) -> String {
  let head = [
    "program", "hook", "instructions: C", "Swift", "ratio", "verified: C", "Swift", "ratio", "ns: C", "Swift", "ratio",
    "net", "",
  ]
  let rows = [head] + comparisons.map(\.row)
  let widths = head.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
  var lines = rows.map { row in
    "| " + zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: " | ") + " |"
  }
  lines.insert("|" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "|") + "|", at: 1)
  return lines.joined(separator: "\n")
}

/// The same for programs.
func json(_ comparisons: [Comparison], kernel: String) -> String {
  "{\"kernel\": \"\(kernel)\", \"programs\": [\n  " + comparisons.map(\.json).joined(separator: ",\n  ") + "\n]}"
}
