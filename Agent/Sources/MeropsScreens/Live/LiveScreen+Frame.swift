// SPDX-License-Identifier: Apache-2.0

import MeropsModel

extension LiveScreen {
  /// The lines of the whole screen, each shorter than its width.
  public mutating func frame(width: Int, height: Int) -> [String] {
    layout.width = width
    let limit = width - 1
    let below = bottom(limit)
    let head = [layout.colored(title.visible.clipped(to: limit), "1")]
    room = max(height - head.count - below.count - (view == .stream ? 1 : 0), 1)
    let body: [String]
    switch view {
    case .stream: body = [layout.heading] + stream()
    case .event: body = page(eventLines(limit))
    case .tree: body = page(treeLines(limit))
    case .help: body = page(helpLines.flatMap { $0.wrapped(to: limit, indent: 11) })
    }
    let empty = max(height - head.count - body.count - below.count, 0)
    return Array((head + body + Array(repeating: "", count: empty) + below).suffix(height))
  }

  private mutating func stream() -> [String] {
    let visible = history.visible
    let end = anchor.map { history.place(of: $0).map { $0 + 1 } ?? visible.count } ?? visible.count
    // Also where older ones have gone meanwhile, the screen is full.
    let entries = visible[max(min(end, visible.count) - room, 0)..<max(end, min(room, visible.count))]
    return entries.map { entry in
      layout.text(line(entry), depth: entry.depth, isMarked: entry.number == selected)
    }
  }

  /// What stands below the lines: a rule, and what can be typed.
  private func bottom(_ limit: Int) -> [String] {
    if let prompt {
      let hint = problem.isEmpty ? promptHint : problem.map { layout.colored($0.clipped(to: limit), "31") }
      // The end is where one types.
      let room = max(limit - 2, 1)
      let shown = prompt.visible.columns > room ? "…" + prompt.visible.ending(room - 1) : prompt.visible
      return [rule(nil, limit)] + hint.map { $0.clipped(to: problem.isEmpty ? limit : .max) } + ["/" + shown + "█"]
    }
    var foot = foot
    foot.state = isFollowing ? nil : selected == nil ? "paused" : "marked"
    let keys: [String] =
      switch view {
      case .stream:
        isFollowing
          ? [
            "↑ select", "e explain", "p pause", "/ filter", "t tree", "a \(history.showsAll ? "less" : "all")",
            "? help", "q quit",
          ]
          : ["↑↓ select", "e explain", "p go on", "/ filter", "t tree", "? help", "q quit"]
      case .event: ["↑↓ scroll", "n newer", "p older", "t tree", "? help", "q back"]
      case .tree: ["↑↓ scroll", "? help", "q back"]
      case .help: ["↑↓ scroll", "q back"]
      }
    return [rule(notice ?? filter.map { "only: \($0)   (Esc: all)" }, limit), foot.text(width: limit, keys: keys)]
  }

  private var promptHint: [String] {
    [
      "Type words that a line has, or a condition such as  process.user.id == 0 && file.path.startsWith(\"/etc/\")",
      "Enter shows what fits, Esc goes back. \(program) fields lists what conditions can ask about.",
    ]
  }

  private func rule(_ text: String?, _ limit: Int) -> String {
    guard let text else { return String(repeating: "─", count: limit) }
    let shown = text.visible.clipped(to: max(limit - 6, 1))
    return "── \(shown) " + String(repeating: "─", count: max(limit - 4 - shown.columns, 0))
  }

  /// A part of lines that may be more than fit.
  private mutating func page(_ lines: [String]) -> [String] {
    scrolled = min(scrolled, max(lines.count - room, 0))
    return Array(lines[scrolled..<min(scrolled + room, lines.count)])
  }

  private mutating func eventLines(_ limit: Int) -> [String] {
    guard let current else { return ["No event has been seen yet."] }
    let events = history.events.filter { $0.process.key == current.event.process.key }
    var details = EventDetails(layout: layout)
    details.layout.width = limit + 1
    return details.lines(current.event, among: events, users: &users)
  }

  private mutating func treeLines(_ limit: Int) -> [String] {
    let lines = ProcessTree(doersOf: history.events).lines(users: &users)
    return (["Who did what lately, each below whoever started it:", ""] + lines).map { $0.clipped(to: limit) }
  }

  private var helpLines: [String] {
    [
      "What happens on this machine, a line for each act: when, who, what, and what came of it.",
      "",
      "  WHO      the process that did it: name(number) and user; └ is a child of one above",
      "  DID      exec: ran a program; asked: asked for a name's address (DNS); connect, opened, removed, ...",
      "  OUTCOME  what came of it; lines in red did not succeed, lines in yellow are worth a look",
      "",
      "  ↑ ↓ j k PgUp PgDn   mark a line; the screen stands still meanwhile     G End   go on with the newest",
      "  e Enter             everything known of the marked event, or of the newest",
      "  /                   show only some: words that a line has, or a condition; Esc shows all again",
      "  t                   the processes as a tree, with what each did",
      "  p Space             stand still, and go on",
      "  a                   everything: also processes that only start others, and those that end as they should",
      "  q                   quit; nothing is left running",
      "",
      "Below: acts a second; events shown, filtered (in the kernel, or not shown here) and lost; what watching costs.",
      "In another terminal, for one: \(program) top, \(program) tree, \(program) show, \(program) status.",
    ]
  }
}
