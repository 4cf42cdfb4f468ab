// SPDX-License-Identifier: Apache-2.0

import Foundation
public import MeropsModel

/// How far a reader has come, kept with the store: what it has not acknowledged it gets again, after a crash too.
public final class StoreCursor: Sendable {
  public let name: String
  private let store: EventStore

  init(_ name: String, _ store: EventStore) {
    self.name = name
    self.store = store
  }

  /// Whether a cursor may have this name, of which its file is made.
  public static func isValid(_ name: String) -> Bool { CursorPlace.isValid(name) }

  /// The last event that was acknowledged.
  public var position: EventID { place.position }

  /// Events that the store removed, for their age or for room, before this reader had them.
  public var missed: UInt64 { place.missed }

  private var place: CursorPlace { store.state.withLock { $0.cursors[name] } ?? CursorPlace(name: name) }

  /// Events behind one, or behind the last that was acknowledged, the oldest first; nil where there are none yet.
  public func events(after id: EventID? = nil, limit: Int) throws -> EventBatch? {
    var query = EventQuery()
    query.order = .oldestFirst
    query.after = id ?? position
    query.limit = limit
    var result: EventBatch?
    try store.events(query) { batch in
      result = batch
      return false
    }
    return result
  }

  /// Waits until there is an event behind one.
  ///
  /// - Returns: false if there is none after so many seconds, or the store closes.
  public func wait(after id: EventID? = nil, seconds: Double) -> Bool {
    let id = id ?? position
    let end = Moment.in(seconds)
    store.state.withLock { $0.followers += 1 }
    defer { store.state.withLock { $0.followers -= 1 } }
    return store.state.wait { state in
      if let newest = state.newest, newest > id { return .done(true) }
      return state.isClosing || Moment.now >= end ? .done(false) : .until(end)
    }
  }

  /// Everything up to this event has arrived. The position is on disk within a second, and when the store closes.
  public func acknowledge(_ id: EventID) {
    store.state.withLock { state in
      guard var place = state.cursors[name], id > place.position else { return }
      place.position = id
      state.cursors[name] = place
    }
    store.saveCursor(name)
  }
}

/// A cursor's place, as the store knows it.
struct CursorPlace: Sendable {
  let name: String
  var position = EventID(rawValue: 0)
  var missed: UInt64 = 0
  var savedAt: UInt64 = 0

  private static func file(_ name: String, in folder: StoreFolder) -> URL {
    folder.url.appending(path: "cursors").appending(path: name)
  }

  /// The place on disk; nil if there is none.
  static func load(_ name: String, from folder: StoreFolder) -> CursorPlace? {
    guard let text = try? String(contentsOf: file(name, in: folder), encoding: .utf8),
      let position = EventID(text.trimmingCharacters(in: .whitespacesAndNewlines))
    else { return nil }
    return CursorPlace(name: name, position: position)
  }

  func save(in folder: StoreFolder) throws {
    let file = Self.file(name, in: folder)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
    try Data("\(position)\n".utf8).write(to: file, options: .atomic)
  }

  static func isValid(_ name: String) -> Bool {
    guard let first = name.utf8.first, name.utf8.count <= 100 else { return false }
    func isAlphanumeric(_ byte: UInt8) -> Bool {
      (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }
    return isAlphanumeric(first) && name.utf8.allSatisfy { isAlphanumeric($0) || "-_.".utf8.contains($0) }
  }
}

extension EventStore {
  /// The cursor of a name. A new one begins at the newest event, or at the oldest.
  ///
  /// - Throws: ``StoreError/invalidName(_:)``.
  public func cursor(_ name: String, fromOldest: Bool = false) throws -> StoreCursor {
    guard CursorPlace.isValid(name) else { throw StoreError.invalidName(name) }
    let loaded = CursorPlace.load(name, from: folder)
    state.withLock { state in
      guard state.cursors[name] == nil else { return }
      var place = loaded ?? CursorPlace(name: name)
      if loaded == nil, !fromOldest, let newest = state.newest { place.position = newest }
      state.cursors[name] = place
    }
    if loaded == nil { saveCursor(name, isUrgent: true) }
    return StoreCursor(name, self)
  }

  /// Writes a cursor's place, at most once a second.
  func saveCursor(_ name: String, isUrgent: Bool = false) {
    let place = state.withLock { state -> CursorPlace? in
      guard var place = state.cursors[name], isUrgent || Moment.now >= place.savedAt + 1_000_000_000 else { return nil }
      place.savedAt = Moment.now
      state.cursors[name] = place
      return place
    }
    // A place that is not saved is an older one after a crash: events come twice. Closing reports it.
    try? place?.save(in: folder)
  }
}
