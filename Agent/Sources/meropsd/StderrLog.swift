// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging

/// One line a message on standard error. Under systemd the journal gets the level, and writes the time itself.
struct StderrLog: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.info
  private let isJournal = getenv("JOURNAL_STREAM") != nil

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let text = "\(event.message)"
    let line =
      isJournal
      ? "<\(Self.priority(event.level))>\(text)\n" : "meropsd: \(event.level == .error ? "Error: " : "")\(text)\n"
    // One write, so that lines of threads do not mix.
    _ = Glibc.write(STDERR_FILENO, line, line.utf8.count)
  }

  private static func priority(_ level: Logger.Level) -> Int {
    switch level {
    case .trace, .debug: 7
    case .info: 6
    case .notice: 5
    case .warning: 4
    case .error: 3
    case .critical: 2
    }
  }
}
