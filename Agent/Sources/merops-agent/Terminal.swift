// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// The terminal that output goes to, if it does.
enum Terminal {
  static var isOutput: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Columns; nil if the output is not a terminal.
  static var width: Int? { size.map(\.columns) }
  static var height: Int? { size.map(\.rows) }

  private static var size: (columns: Int, rows: Int)? {
    var size = winsize()
    guard isOutput, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return isOutput ? (80, 24) : nil
    }
    return (max(Int(size.ws_col), 40), max(Int(size.ws_row), 5))
  }

  /// Color adds only: https://no-color.org
  static var isColored: Bool {
    isOutput && getenv("NO_COLOR").map { $0.pointee == 0 } ?? true
      && getenv("TERM").map { String(cString: $0) } != "dumb"
  }

  private static let saved = Mutex<termios?>(nil)

  /// Keys arrive one by one, and are not shown. Ctrl-C stays what it is.
  static func readKeys() {
    var settings = termios()
    guard isatty(STDIN_FILENO) == 1, tcgetattr(STDIN_FILENO, &settings) == 0 else { return }
    let before = settings
    saved.withLock { $0 = before }
    settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
    tcsetattr(STDIN_FILENO, TCSANOW, &settings)
  }

  /// Gives the terminal back as it was.
  static func restore() {
    saved.withLock { settings in
      if var before = settings { tcsetattr(STDIN_FILENO, TCSANOW, &before) }
      settings = nil
    }
  }

  /// A key, waited for so many milliseconds; nil for none.
  static func key(_ milliseconds: CInt) -> UInt8? {
    let isReading = saved.withLock { $0 != nil }
    var waiting = pollfd(fd: isReading ? STDIN_FILENO : -1, events: Int16(POLLIN), revents: 0)
    guard poll(&waiting, 1, milliseconds) > 0 else { return nil }
    var byte: UInt8 = 0
    guard read(STDIN_FILENO, &byte, 1) == 1 else {
      // The input has ended: nobody types any more.
      saved.withLock { $0 = nil }
      return nil
    }
    return byte
  }
}

/// Ctrl-C and SIGTERM as a wish: the terminal is given back, and what was started is ended.
enum Interrupt {
  fileprivate static let wasRequested = Atomic<Bool>(false)

  static var isRequested: Bool { wasRequested.load(ordering: .relaxed) }

  /// A second signal ends the command at once.
  static func catchSignals() {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      signal(number) { number in
        if Interrupt.wasRequested.exchange(true, ordering: .relaxed) {
          signal(number, SIG_DFL)
          raise(number)
        }
      }
    }
  }
}
