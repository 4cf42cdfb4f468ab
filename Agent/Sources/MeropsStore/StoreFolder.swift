// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// The folder of a store, held by one process.
final class StoreFolder: Sendable {
  let url: URL
  private let lock: Mutex<Int32>

  init(_ path: String) throws {
    url = URL(filePath: path, directoryHint: .isDirectory)
    lock = Mutex(try Self.take(url))
  }

  /// Makes the folder where it is not there, and takes its lock.
  private static func take(_ url: URL) throws -> Int32 {
    let path = url.path
    do {
      try FileManager.default.createDirectory(
        at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw StoreError.cannotOpen(path, errno)
    }
    let lock = open(url.appending(path: "lock").path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard lock >= 0 else { throw StoreError.cannotOpen(path, errno) }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      let holder = Self.holder(lock)
      Glibc.close(lock)
      throw StoreError.inUse(path: path, pid: holder)
    }
    let text = Array("\(getpid())\n".utf8)
    // The number is for the message above only.
    _ = ftruncate(lock, 0)
    _ = pwrite(lock, text, text.count, 0)
    return lock
  }

  /// Makes the folder and its lock again if somebody removed them.
  func restore() throws {
    try lock.withLock { lock in
      guard lock >= 0, FileIdentity(lock) != FileIdentity(url.appending(path: "lock")) else { return }
      let new = try Self.take(url)
      Glibc.close(lock)
      lock = new
    }
  }

  deinit { release() }

  /// Lets another process have it.
  func release() {
    lock.withLock { lock in
      if lock >= 0 { Glibc.close(lock) }
      lock = -1
    }
  }

  private static func holder(_ lock: Int32) -> Int32? {
    var text = [UInt8](repeating: 0, count: 16)
    let count = pread(lock, &text, text.count, 0)
    guard count > 0 else { return nil }
    return Int32(String(decoding: text.prefix(count).prefix { $0 != 0x0a }, as: UTF8.self))
  }

  /// The numbers of the segments that are there, ascending.
  func segments() throws -> [Int] {
    try FileManager.default.contentsOfDirectory(atPath: url.path).compactMap { Segment.number(ofFile: $0) }.sorted()
  }

  func file(_ number: Int) -> URL { url.appending(path: Segment.fileName(number)) }

  func remove(_ segment: Segment) {
    for file in Segment.files(segment.url) { unlink(file.path) }
  }

  /// Renames a segment's files, so that they are there for whoever wants to mend them.
  ///
  /// - Returns: The new name.
  func setAside(_ number: Int) -> String {
    let name = Segment.fileName(number)
    var attempt = 0
    var new = name + ".damaged"
    while access(url.appending(path: new).path, F_OK) == 0 {
      attempt += 1
      new = name + ".damaged.\(attempt)"
    }
    for suffix in ["", "-wal", "-shm", "-journal"] {
      rename(url.appending(path: name + suffix).path, url.appending(path: new + suffix).path)
    }
    return new
  }
}

/// Which file it is, whatever its name: a name may lead to another file by now, or to none.
struct FileIdentity: Hashable {
  private let device: dev_t
  private let inode: ino_t

  init?(_ url: URL) {
    var facts = stat()
    guard lstat(url.path, &facts) == 0 else { return nil }
    self.init(facts)
  }

  init?(_ descriptor: Int32) {
    var facts = stat()
    guard fstat(descriptor, &facts) == 0 else { return nil }
    self.init(facts)
  }

  private init(_ facts: stat) { (device, inode) = (facts.st_dev, facts.st_ino) }
}
