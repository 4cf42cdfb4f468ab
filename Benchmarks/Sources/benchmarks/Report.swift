// SPDX-License-Identifier: Apache-2.0

extension Double {
  /// With as many decimals as are worth reading.
  fileprivate var short: String {
    let decimals = magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : 2
    let scale = [1.0, 10, 100][decimals]
    let (whole, part) = Int((self * scale).rounded()).quotientAndRemainder(dividingBy: Int(scale))
    let digits = "\(part)"
    return decimals == 0
      ? "\(whole)" : "\(whole).\(String(repeating: "0", count: decimals - digits.count))\(digits)"
  }
}

extension Result {
  private var goal: String {
    switch comparison.goal {
    case .ratio(let limit): "<= \(limit.short)x"
    case .amount(let limit): "<= \(limit.short) \(comparison.unit.name)"
    }
  }

  private var allocationText: String {
    allocations == 0 ? "0" : allocations < 0.01 ? "< 0.01" : allocations.short
  }

  fileprivate var row: [String] {
    [
      comparison.name, "\(ours.short) \(comparison.unit.name)", "\(theirs.short) \(comparison.unit.name)", ratio.short,
      "\(interval.lowerBound.short)-\(interval.upperBound.short)", processorRatio?.short ?? "", allocationText, goal,
      isMet ? "met" : "missed",
    ]
  }

  fileprivate var json: String {
    let limit =
      switch comparison.goal {
      case .ratio(let limit): "\"goalRatio\": \(limit)"
      case .amount(let limit): "\"goalAmount\": \(limit)"
      }
    return "{\"name\": \"\(comparison.name)\", \"quantity\": \"\(comparison.quantity.rawValue)\", "
      + "\"unit\": \"\(comparison.unit.name)\", \"merops\": \(ours), \"peer\": \(theirs), \"ratio\": \(ratio), "
      + "\"ratioInterval\": [\(interval.lowerBound), \(interval.upperBound)], "
      + "\"processorRatio\": \(processorRatio.map { "\($0)" } ?? "null"), \"allocations\": \(allocations), "
      + "\"repetitions\": \(repetitions), \(limit), \"met\": \(isMet)}"
  }
}

/// One table for people, in Markdown's form.
func table(_ results: [Result]) -> String {
  let head = ["benchmark", "Merops", "libbpf", "ratio", "95 %", "CPU ratio", "our allocations", "goal", ""]
  let rows = [head] + results.map(\.row)
  let widths = head.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
  var lines = rows.map { row in
    "| " + zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: " | ") + " |"
  }
  lines.insert("|" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "|") + "|", at: 1)
  return lines.joined(separator: "\n")
}

/// The same for programs.
func json(_ results: [Result], kernel: String, libbpf: String) -> String {
  "{\"kernel\": \"\(kernel)\", \"libbpf\": \"\(libbpf)\", \"results\": [\n  "
    + results.map(\.json).joined(separator: ",\n  ") + "\n]}"
}
