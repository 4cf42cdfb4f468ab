// SPDX-License-Identifier: Apache-2.0

import GRDB
import MeropsModel

/// The tables of a segment. A change is another migration behind these: files of older ones are brought up to date when
/// the store opens them, and files of a newer Merops are left alone.
enum Schema {
  static let migrator: DatabaseMigrator = {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { db in
      try db.execute(
        sql: """
          -- Texts that repeat: paths, arguments.
          CREATE TABLE texts (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);

          -- A process while it runs one program. "parent" is a row of this table, "executable" one of "texts".
          CREATE TABLE processes (
            id INTEGER PRIMARY KEY, start INTEGER NOT NULL, pid INTEGER NOT NULL, generation INTEGER NOT NULL,
            parent INTEGER, executable INTEGER, facts BLOB NOT NULL);
          CREATE INDEX processes_by_key ON processes (pid, start);
          CREATE INDEX processes_by_executable ON processes (executable);

          -- "id" names the event, "time" is in nanoseconds since 1970, "process" a row of "processes".
          CREATE TABLE events (
            id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, time INTEGER NOT NULL, process INTEGER NOT NULL,
            facts BLOB NOT NULL);
          CREATE INDEX events_by_process ON events (process);

          -- Some thousand events that follow one another: what they have in common, so that a query passes over them.
          -- "kinds" has a bit for each kind of event.
          CREATE TABLE spans (
            first INTEGER PRIMARY KEY, last INTEGER NOT NULL, count INTEGER NOT NULL, earliest INTEGER NOT NULL,
            latest INTEGER NOT NULL, kinds BLOB NOT NULL);
          """)
    }
    return migrator
  }()
}

/// A run of events, a row of `spans`.
struct Span: Hashable, Sendable {
  var first: EventID
  var last: EventID
  var count = 0
  var earliest = UInt64.max
  var latest: UInt64 = 0
  var kinds = KindSet()

  /// Events of a full span.
  static let limit = 4096

  var times: ClosedRange<UInt64> { min(earliest, latest)...latest }

  mutating func insert(_ id: EventID, _ kind: EventKind, _ time: UInt64) {
    first = min(first, id)
    last = max(last, id)
    count += 1
    earliest = min(earliest, time)
    latest = max(latest, time)
    kinds.insert(kind)
  }
}
