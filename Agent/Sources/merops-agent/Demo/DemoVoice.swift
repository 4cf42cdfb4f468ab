// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How the demo speaks: to a person at a terminal with time to read, into a pipe without.
struct DemoVoice {
  let stage: DemoStage
  let steps: Int
  let waitsForKeys: Bool
  private let isForPeople = Terminal.isOutput
  private let state = State()

  /// What is on the screen.
  private final class State {
    var step = 0
    /// Whether the last line is empty.
    var isApart = false
    /// When progress was shown last.
    var progress = ContinuousClock.now
    var hasProgress = false
  }

  init(stage: DemoStage, steps: Int, waitsForKeys: Bool) {
    (self.stage, self.steps, self.waitsForKeys) = (stage, steps, waitsForKeys)
  }

  /// Begins a step, when there was time to read the one before.
  func step(_ title: String) throws {
    try pause()
    state.step += 1
    try gap()
    try line(styled("\(state.step) of \(steps)  \(title)", "1"))
    try line("")
  }

  /// A paragraph.
  func text(_ text: String) throws {
    let width = min(Terminal.width ?? 100, 100)
    var current = ""
    for word in text.split(separator: " ") {
      if !current.isEmpty, current.count + word.count >= width {
        try line(current)
        current = ""
      }
      current += current.isEmpty ? String(word) : " \(word)"
    }
    try line(current)
  }

  /// Shows what is typed, does it, and shows what comes of it.
  func typed(_ command: String, tick: () throws -> Void = {}) throws {
    try gap()
    try line("  # " + styled(command, "1;36"))
    if isForPeople { try wait(milliseconds: 700) }
    try stage.run(command, tick: tick) { text in
      try endProgress()
      try line("    " + text)
    }
    try endProgress()
  }

  /// A line that the next one replaces, on a terminal.
  func progress(_ text: String) throws {
    guard isForPeople, ContinuousClock.now - state.progress > .milliseconds(250) else { return }
    try bytes("\r    \(text)\u{1b}[K")
    (state.progress, state.hasProgress) = (.now, true)
  }

  private func endProgress() throws {
    if state.hasProgress { try bytes("\r\u{1b}[K") }
    state.hasProgress = false
  }

  func result(_ text: String) throws {
    try line("    " + styled(text, "1"))
    try line("")
  }

  func line(_ text: String) throws {
    try bytes(text + "\n")
    state.isApart = text.isEmpty
  }

  /// One empty line, and not two.
  func gap() throws { if !state.isApart { try line("") } }

  private func pause() throws {
    guard isForPeople else { return }
    guard waitsForKeys else { return try wait(milliseconds: 3000) }
    try bytes("\n" + styled("Enter goes on", "2"))
    _ = try DemoPipe.read(STDIN_FILENO)
  }

  private func wait(milliseconds: Int) throws {
    let end = ContinuousClock.now + .milliseconds(milliseconds)
    try stage.wait { ContinuousClock.now >= end }
  }

  private func styled(_ text: String, _ style: String) -> String {
    Terminal.isColored ? "\u{1b}[\(style)m\(text)\u{1b}[0m" : text
  }

  private func bytes(_ text: String) throws {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { throw DemoEnd.unread }
      try DemoStage.check()
    }
  }
}
