// SPDX-License-Identifier: Apache-2.0

import Glibc
import MeropsScreens
import Synchronization

/// The terminal that output goes to, if it does.
enum Terminal {
  static var isOutput: Bool { isatty(STDOUT_FILENO) == 1 }
  /// Whether a person sees remarks.
  static var isError: Bool { isatty(STDERR_FILENO) == 1 }

  /// Columns; nil if the output is not a terminal.
  static var width: Int? { size.map(\.columns) }

  /// Columns and rows, as they are now; nil if the output is not a terminal.
  static var size: (columns: Int, rows: Int)? {
    var size = winsize()
    guard isOutput, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return isOutput ? (80, 24) : nil
    }
    return (max(Int(size.ws_col), 20), max(Int(size.ws_row), 5))
  }

  /// Color adds only: https://no-color.org
  static var isColored: Bool {
    isOutput && getenv("NO_COLOR").map { $0.pointee == 0 } ?? true
      && getenv("TERM").map { String(cString: $0) } != "dumb"
  }
}

/// The terminal while a command draws on all of it: keys arrive one by one, and the first screen stays as it was.
///
/// However the command ends, unless by SIGKILL, the terminal is given back: after Ctrl-C, SIGTERM and SIGHUP by ``leave()``, after a
/// crash by a handler, which lets the signal do then what it does.
enum FullScreen {
  private static let isActive = Atomic<Bool>(false)
  private static let hasInput = Atomic<Bool>(true)
  // Read by a signal handler: written before it is set, never after.
  nonisolated(unsafe) private static var before = termios()

  static func enter() {
    guard !isActive.load(ordering: .relaxed) else { return }
    if isatty(STDIN_FILENO) == 1, tcgetattr(STDIN_FILENO, &before) == 0 {
      readKeys()
    } else {
      hasInput.store(false, ordering: .relaxed)
    }
    for number in [SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGQUIT] { catchCrash(number) }
    isActive.store(true, ordering: .releasing)
    Output.text(Painter.entering)
  }

  static func leave() {
    guard isActive.exchange(false, ordering: .acquiringAndReleasing) else { return }
    giveBack()
  }

  /// Ctrl-C stays what it is: a signal.
  private static func readKeys() {
    var settings = before
    settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
    tcsetattr(STDIN_FILENO, TCSANOW, &settings)
  }

  /// Calls only what a signal handler may call.
  private static func giveBack() {
    let text: StaticString = "\u{1b}[0m\u{1b}[?25h\u{1b}[?1049l"
    _ = write(STDOUT_FILENO, text.utf8Start, text.utf8CodeUnitCount)
    if hasInput.load(ordering: .relaxed) { tcsetattr(STDIN_FILENO, TCSANOW, &before) }
  }

  // What handled signals before, by their numbers.
  nonisolated(unsafe) private static let handlers = UnsafeMutablePointer<sigaction>.allocate(capacity: 65)

  /// Gives the terminal back, and lets the signal do what it did before: Swift's runtime writes where the program was.
  private static func catchCrash(_ number: CInt) {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { number in
      FullScreen.leave()
      sigaction(number, FullScreen.handlers + Int(number), nil)
      raise(number)
    }
    sigaction(number, &action, handlers + Int(number))
  }

  /// Ctrl-Z: gives the terminal back while the command is stopped.
  static func pause() {
    guard isActive.load(ordering: .relaxed) else { return }
    giveBack()
    raise(SIGSTOP)
    if hasInput.load(ordering: .relaxed) { readKeys() }
    Output.text(Painter.entering)
  }

  /// What was typed, waited for so many milliseconds; empty for nothing.
  static func read(_ milliseconds: CInt) -> [UInt8] {
    var waiting = pollfd(
      fd: hasInput.load(ordering: .relaxed) ? STDIN_FILENO : -1, events: Int16(POLLIN), revents: 0)
    guard poll(&waiting, 1, milliseconds) > 0 else { return [] }
    var buffer = [UInt8](repeating: 0, count: 256)
    let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
    // The input has ended: nobody types any more.
    if count == 0 { hasInput.store(false, ordering: .relaxed) }
    return Array(buffer.prefix(max(count, 0)))
  }
}

/// The keys that are pressed on a full screen.
struct Keyboard {
  private var reader = KeyReader()

  /// Waits so many milliseconds at most.
  mutating func keys(_ milliseconds: CInt) -> [Key] {
    // Whether escape is a key or begins one shows at once.
    let bytes = FullScreen.read(reader.isWaiting ? min(milliseconds, 50) : milliseconds)
    return bytes.isEmpty ? reader.flush() : reader.keys(bytes)
  }
}

/// Ctrl-C, SIGTERM and Ctrl-Z as wishes: the terminal is given back, and what was started is ended.
enum Interrupt {
  fileprivate static let wasRequested = Atomic<Bool>(false)
  fileprivate static let pauseWasRequested = Atomic<Bool>(false)

  static var isRequested: Bool { wasRequested.load(ordering: .relaxed) }

  /// Stops the command, if that is wished, until somebody lets it go on.
  ///
  /// - Returns: whether it was stopped.
  static func pause() -> Bool {
    guard pauseWasRequested.exchange(false, ordering: .relaxed) else { return false }
    FullScreen.pause()
    return true
  }

  /// A second signal ends the command at once.
  static func catchSignals() {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      signal(number) { number in
        if Interrupt.wasRequested.exchange(true, ordering: .relaxed) {
          FullScreen.leave()
          signal(number, SIG_DFL)
          raise(number)
        }
      }
    }
    signal(SIGTSTP) { _ in Interrupt.pauseWasRequested.store(true, ordering: .relaxed) }
  }
}
