// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import GRDBSQLite
import MeropsModel
import Synchronization

/// One file of events. The newest is written; when it is full, the next one is begun, and the oldest is removed as a whole:
/// retention costs nothing but that, and needs no vacuum.
final class Segment: Sendable {
  let number: Int
  let url: URL
  private let database: Mutex<any DatabaseReader>
  private let known: Mutex<Summary>
  private let sealed = Mutex(false)
  private let identity: FileIdentity?

  /// Whether the file is still there under its name.
  var isInPlace: Bool { identity == FileIdentity(url) }

  /// Whether events still go into it.
  var isWritten: Bool { sealed.withLock { !$0 } }

  /// What a segment has, without looking into it.
  struct Summary: Sendable {
    var events = 0
    var first: EventID?
    var last: EventID?
    var earliest = UInt64.max
    var latest: UInt64 = 0

    var times: ClosedRange<UInt64> { min(earliest, latest)...latest }

    mutating func add(_ span: Span) {
      events += span.count
      first = min(first ?? span.first, span.first)
      last = max(last ?? span.last, span.last)
      earliest = min(earliest, span.earliest)
      latest = max(latest, span.latest)
    }
  }

  var summary: Summary { known.withLock { $0 } }

  private init(number: Int, url: URL, database: any DatabaseReader, summary: Summary) {
    self.number = number
    self.url = url
    self.database = Mutex(database)
    known = Mutex(summary)
    identity = FileIdentity(url)
  }

  static func fileName(_ number: Int) -> String {
    let digits = String(number)
    return "events-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits + ".db"
  }

  static func number(ofFile name: String) -> Int? {
    guard name.hasPrefix("events-"), name.hasSuffix(".db") else { return nil }
    return Int(name.dropFirst(7).dropLast(3))
  }

  /// The files that SQLite may have beside a database.
  static func files(_ url: URL) -> [URL] { ["", "-wal", "-shm", "-journal"].map { URL(filePath: url.path + $0) } }

  var bytes: Int { Self.files(url).reduce(0) { $0 + Self.size($1) } }

  private static func size(_ url: URL) -> Int {
    var facts = stat()
    // Blocks, not the length: that is what the disk has less of.
    return lstat(url.path, &facts) == 0 ? Int(facts.st_blocks) * 512 : 0
  }

  /// Opens a segment that is written.
  static func openForWriting(_ url: URL, number: Int, maximumPages: Int?) throws -> (Segment, DatabasePool) {
    // SQLite gives the files beside the database the mode of the database.
    let descriptor = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw StoreError.cannotOpen(url.path, errno) }
    Glibc.close(descriptor)
    var configuration = Configuration()
    configuration.label = "merops.store"
    configuration.maximumReaderCount = 4
    configuration.prepareDatabase { db in
      // The page size counts while the file is empty.
      try db.execute(sql: "PRAGMA page_size = 8192; PRAGMA cache_size = -2000")
      if let maximumPages { try db.execute(sql: "PRAGMA max_page_count = \(maximumPages)") }
    }
    let pool = try DatabasePool(path: url.path, configuration: configuration)
    try migrate(pool, url)
    try pool.writeWithoutTransaction { db in
      // A commit is on the disk when it returns: a power failure takes no more than a crash does.
      try db.execute(sql: "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 2000")
    }
    return (Segment(number: number, url: url, database: pool, summary: try summarize(pool)), pool)
  }

  /// Opens a segment that is only read.
  static func openForReading(_ url: URL, number: Int) throws -> Segment {
    let queue = try readingQueue(url)
    // One file instead of three, and what a crash left in the log is written back.
    try queue.inDatabase { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
    let segment = Segment(number: number, url: url, database: queue, summary: try summarize(queue))
    segment.sealed.withLock { $0 = true }
    return segment
  }

  private static func readingQueue(_ url: URL) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.label = "merops.store.read"
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA cache_size = -500") }
    let queue = try DatabaseQueue(path: url.path, configuration: configuration)
    try migrate(queue, url)
    return queue
  }

  private static func migrate(_ database: some DatabaseWriter, _ url: URL) throws {
    let isNewer = try database.read { try Schema.migrator.hasBeenSuperseded($0) }
    guard !isNewer else { throw StoreError.newer(url.path) }
    try Schema.migrator.migrate(database)
  }

  private static func summarize(_ database: any DatabaseReader) throws -> Summary {
    try database.read { db in
      var summary = Summary()
      try spans(db) { summary.add($0) }
      return summary
    }
  }

  /// Calls a closure with each span, the oldest first.
  static func spans(_ db: Database, _ body: (Span) -> Void) throws {
    try RawStatement(db, "SELECT first, last, count, earliest, latest, kinds FROM spans ORDER BY first").forEach {
      row in
      let kinds = row.withBytes(5) { bytes in
        bytes.byteCount == 32
          ? SIMD4<UInt64>((0..<4).map { bytes.unsafeLoadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self) }) : SIMD4()
      }
      body(
        Span(
          first: EventID(rawValue: row.uint(0)), last: EventID(rawValue: row.uint(1)),
          count: Int(truncatingIfNeeded: row.int(2)), earliest: row.uint(3), latest: row.uint(4),
          kinds: KindSet(words: kinds)))
      return true
    }
  }

  func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
    let database = database.withLock { $0 }
    return try database.read(body)
  }

  /// Whether an error says that a file is not a sound database.
  static func isDamage(_ error: any Error) -> Bool {
    let code = (error as? DatabaseError)?.resultCode
    return code == .SQLITE_CORRUPT || code == .SQLITE_NOTADB
  }

  static func isNewer(_ error: any Error) -> Bool {
    if case .newer? = error as? StoreError { true } else { false }
  }

  /// How many events lie behind one, and what it costs to know: spans are counted, and one of them is looked into.
  func count(after id: EventID) throws -> Int {
    try read { db in
      var count = 0
      var cut: Span?
      try Self.spans(db) { span in
        if span.first > id { count += span.count } else if span.last > id { cut = span }
      }
      guard let cut else { return count }
      let statement = try RawStatement(db, "SELECT count(*) FROM events WHERE id > ? AND id <= ?")
      statement.bind(1, id.rawValue)
      statement.bind(2, cut.last.rawValue)
      try statement.forEach { row in
        count += Int(truncatingIfNeeded: row.int(0))
        return true
      }
      return count
    }
  }

  func note(_ spans: [Span], _ events: Int) {
    known.withLock { summary in
      let before = summary.events
      for span in spans { summary.add(span) }
      summary.events = before + events
    }
  }

  /// Ends the writing: what follows goes into another segment.
  func seal(_ pool: DatabasePool) throws {
    try pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
    // Readers that are at work keep the pool until they are done.
    let queue = try Self.readingQueue(url)
    database.withLock { $0 = queue }
    sealed.withLock { $0 = true }
  }
}
