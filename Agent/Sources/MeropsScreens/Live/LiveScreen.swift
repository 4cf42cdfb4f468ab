// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// The live screen: what is on it, and what keys do. It is told of events and keys, and makes lines; whoever has the terminal
/// writes them.
public struct LiveScreen: Sendable {
  /// What a key asks of whoever has the terminal.
  public enum Wish: Hashable, Sendable {
    case quit
    /// Show events for which a condition holds, and tell ``show(_:where:)`` or ``reject(_:)``; nil for all events.
    case filter(String?)
  }

  enum View: Hashable, Sendable {
    case stream, event, tree, help
  }

  /// The first line.
  public var title = ""
  public var foot = Foot()
  /// What one types to run other commands.
  public var program = "merops"
  public var layout: LineLayout
  var history: History
  var users = UserNames()
  var view = View.stream
  /// The event that is marked; nil for none.
  var selected: Int?
  /// The newest event that is shown, where the screen does not follow.
  var anchor: Int?
  /// What is typed behind the slash; nil if nobody types.
  var prompt: String?
  /// Why what was typed is not a filter.
  var problem: [String] = []
  /// The condition that the events meet.
  public private(set) var condition: String?
  /// Lines that are scrolled away, of what is not the stream.
  var scrolled = 0
  /// Rows that the last frame had for lines.
  var room = 20
  /// What the agent says.
  public var notice: String?

  public init(layout: LineLayout = LineLayout(), showsAll: Bool = false, users: UserNames = UserNames()) {
    (self.layout, self.users) = (layout, users)
    history = History(showsAll: showsAll)
  }

  /// Adds events.
  public mutating func take(_ batch: EventBatch) {
    let shown = UInt64(history.append(batch))
    foot.shown += shown
    foot.skipped += UInt64(batch.count) - min(shown, UInt64(batch.count))
  }

  /// Events that arrived, and were too many to be looked at.
  public mutating func skip(_ count: UInt64) { foot.skipped += count }

  /// The answer to ``Wish/filter(_:)``: the events from before for which the condition holds.
  public mutating func show(_ events: [EventBatch], where condition: String?) {
    if condition != nil { history.text = "" }
    history.replace(events)
    (self.condition, prompt, problem, selected, anchor) = (condition, nil, [], nil, nil)
  }

  /// The answer to ``Wish/filter(_:)``: what is wrong with the condition.
  public mutating func reject(_ message: String) {
    problem = message.split(separator: "\n", omittingEmptySubsequences: false).map { String($0).visible }
  }

  /// What stands on the screen when nobody looks any more: for the terminal's first screen.
  public mutating func lastLines(_ count: Int) -> [String] {
    [layout.heading] + history.visible.suffix(count).map { layout.text(line($0), depth: $0.depth) }
  }

  mutating func line(_ entry: History.Entry) -> EventLine { EventLine(entry.event, users: &users) }

  /// The event that is meant where none is named: the marked one, or else the newest.
  var current: History.Entry? {
    if let selected, let place = history.place(of: selected) { return history.visible[place] }
    return history.visible.last
  }

  /// A filter for people, as the foot shows it.
  var filter: String? { condition ?? (history.text.isEmpty ? nil : history.text) }

  var isFollowing: Bool { anchor == nil }
}

// Keys.
extension LiveScreen {
  /// Does what a key means.
  public mutating func press(_ key: Key) -> Wish? {
    if prompt != nil { return type(key) }
    switch (view, key) {
    case (_, .control("d")), (.stream, .character("q")), (.stream, .control("c")): return .quit
    case (.stream, _): return pressInStream(key)
    case (_, .character("q")), (_, .escape), (.event, .character("e")), (.event, .enter), (.tree, .character("t")),
      (.help, .character("?")), (.help, .character("h")), (_, .control("c")):
      (view, scrolled) = (.stream, 0)
    case (.event, .left), (.event, .character("p")): move(-1)
    case (.event, .right), (.event, .character("n")): move(1)
    case (_, .character("?")): (view, scrolled) = (.help, 0)
    case (_, .character("t")): (view, scrolled) = (.tree, 0)
    case (_, .up), (_, .character("k")): scrolled = max(scrolled - 1, 0)
    case (_, .down), (_, .character("j")): scrolled += 1
    case (_, .pageUp): scrolled = max(scrolled - room, 0)
    case (_, .pageDown), (_, .character(" ")): scrolled += room
    case (_, .home), (_, .character("g")): scrolled = 0
    case (_, .end), (_, .character("G")): scrolled = .max / 2
    default: break
    }
    return nil
  }

  private mutating func pressInStream(_ key: Key) -> Wish? {
    notice = nil
    switch key {
    case .character("p"), .character(" "): anchor = isFollowing ? history.visible.last?.number ?? 0 : nil
    case .character("a"): history.showsAll.toggle()
    case .character("t"): view = .tree
    case .character("?"), .character("h"): view = .help
    case .character("e"), .enter: if let current { (selected, view) = (current.number, .event) }
    case .character("/"): (prompt, problem) = (filter ?? "", [])
    case .up, .character("k"): move(-1)
    case .down, .character("j"): move(1)
    case .pageUp, .control("u"): move(-room)
    case .pageDown, .control("f"): move(room)
    case .home, .character("g"): move(-history.visible.count)
    case .end, .character("G"): (selected, anchor) = (nil, nil)
    case .escape:
      if selected != nil || anchor != nil {
        (selected, anchor) = (nil, nil)
      } else {
        history.text = ""
        if condition != nil { return .filter(nil) }
      }
    default: break
    }
    return nil
  }

  /// Marks another event; below the newest one nothing is marked, and the screen follows.
  private mutating func move(_ steps: Int) {
    let visible = history.visible
    guard !visible.isEmpty else { return }
    let last = visible.count - 1
    let from = selected.flatMap { history.place(of: $0) } ?? (steps < 0 ? last + 1 : last)
    let to = max(from + steps, 0)
    if to > last, view == .stream {
      (selected, anchor) = (nil, nil)
      return
    }
    let place = min(to, last)
    selected = visible[place].number
    scrolled = 0
    // The marked line stays on the screen, and the others stay where they are as long as it does.
    let bottom = anchor.flatMap { history.place(of: $0) } ?? last
    if place > bottom {
      anchor = visible[place].number
    } else if place <= bottom - room {
      anchor = visible[min(place + room - 1, last)].number
    } else {
      anchor = visible[bottom].number
    }
  }

  private mutating func type(_ key: Key) -> Wish? {
    guard var text = prompt else { return nil }
    problem = key == .enter ? problem : []
    switch key {
    case .character(let character): text.append(character)
    case .backspace: if text.isEmpty { return close() } else { text.removeLast() }
    case .control("u"): text = ""
    case .control("w"): text = String(text[..<(text.dropLast().lastIndex(of: " ") ?? text.startIndex)])
    case .escape, .control("c"): return close()
    case .control("d"): return .quit
    case .enter: return apply(text)
    default: break
    }
    prompt = text
    return nil
  }

  private mutating func close() -> Wish? {
    (prompt, problem) = (nil, [])
    return nil
  }

  /// Text with an operator, a call or quotes is a condition; other text is looked for in the lines.
  private mutating func apply(_ text: String) -> Wish? {
    let text = text.trimmingSpaces
    if Self.isCondition(text) { return .filter(text) }
    (prompt, problem, selected, anchor) = (nil, [], nil, nil)
    history.text = text.lowercased()
    // The events that a condition kept away are needed again.
    return condition == nil ? nil : .filter(nil)
  }

  static func isCondition(_ text: String) -> Bool {
    ["==", "!=", "<", ">", "&&", "||", "(", "\"", "'", " in ", "!"].contains { text.contains($0) }
      || text == "true" || text == "false" || Field(name: text)?.type == .bool
  }
}

extension String {
  var trimmingSpaces: String {
    var text = Substring(self)
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
