// SPDX-License-Identifier: Apache-2.0

import GRDB
import GRDBSQLite

/// A prepared statement, run without a value of GRDB's for each column: this is done for every event.
struct RawStatement {
  private let statement: Statement
  private let handle: SQLiteStatement
  private let connection: SQLiteConnection?

  init(_ db: Database, _ sql: String) throws {
    statement = try db.cachedStatement(sql: sql)
    handle = statement.sqliteStatement
    connection = db.sqliteConnection
    sqlite3_reset(handle)
    sqlite3_clear_bindings(handle)
  }

  func bind(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(handle, index, value) }
  func bind(_ index: Int32, _ value: UInt64) { sqlite3_bind_int64(handle, index, Int64(bitPattern: value)) }
  func bind(_ index: Int32, _ value: Int64?) {
    if let value { bind(index, value) } else { sqlite3_bind_null(handle, index) }
  }

  /// Runs a statement that returns no rows, with bytes as one of its values.
  ///
  /// - Returns: false if the row is there already.
  @discardableResult
  func run(_ index: Int32, _ bytes: UnsafeRawBufferPointer) throws -> Bool {
    // SQLite takes a null pointer for NULL, whatever the length.
    if let base = bytes.baseAddress {
      sqlite3_bind_blob(handle, index, base, Int32(bytes.count), nil)
    } else {
      sqlite3_bind_zeroblob(handle, index, 0)
    }
    // GRDB asks for extended codes; the low byte is the kind.
    let code = sqlite3_step(handle) & 0xff
    // The bytes are the caller's: SQLite must not look at them afterwards.
    defer {
      sqlite3_reset(handle)
      sqlite3_bind_null(handle, index)
    }
    switch code {
    case SQLITE_DONE: return true
    case SQLITE_CONSTRAINT: return false
    default: throw failure()
    }
  }

  /// Calls a closure for each row, until it returns false.
  func forEach(_ body: (RawRow) throws -> Bool) throws {
    defer { sqlite3_reset(handle) }
    while true {
      switch sqlite3_step(handle) {
      case SQLITE_ROW: if try !body(RawRow(handle: handle)) { return }
      case SQLITE_DONE: return
      default: throw failure()
      }
    }
  }

  private func failure() -> DatabaseError {
    DatabaseError(
      resultCode: ResultCode(rawValue: sqlite3_extended_errcode(connection)),
      message: String(cString: sqlite3_errmsg(connection)), sql: statement.sql)
  }
}

/// The row at which a statement stands.
struct RawRow {
  let handle: SQLiteStatement

  func int(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }
  func uint(_ column: Int32) -> UInt64 { UInt64(bitPattern: int(column)) }
  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

  func withBytes<Result>(_ column: Int32, _ body: (RawSpan) throws -> Result) rethrows -> Result {
    let start = sqlite3_column_blob(handle, column)
    let bytes = UnsafeRawBufferPointer(
      start: start, count: start == nil ? 0 : Int(sqlite3_column_bytes(handle, column)))
    return try body(bytes.bytes)
  }
}
