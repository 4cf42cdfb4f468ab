// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// Something that was done to a file. Behind it: a directory (leaf first, each name with a zero byte behind it) and a name
/// in it, the same of the second place, and more text. The name is empty where the directory is the file itself.
struct FileRecord {
  var header: EventHeader
  var inode: UInt64
  /// Opens like the last one reported, by the same process in a time that is over.
  var repeats: UInt64
  var device: UInt32
  var flags: UInt32
  var mode: UInt32
  var owner: UInt32
  var group: UInt32
  /// An errno, or 0.
  var error: UInt32
  var directoryBytes: UInt32
  var nameBytes: UInt32
  var targetDirectoryBytes: UInt32
  var targetNameBytes: UInt32
  var textBytes: UInt32
  var isPadding: UInt32
}

/// The same file, whatever its name is.
struct FileIdentity: Hashable {
  var inode: UInt64
  var device: UInt64
}

/// What counts as the same open again.
struct OpenKey: Hashable {
  var start: UInt64
  var inode: UInt64
  var pid: UInt32
  var device: UInt32
  var flags: UInt32
  var kind: UInt32
  /// A file system gives an inode number again: to another file, with another generation.
  var generation: UInt32
  var isPadding: UInt32
}

/// Opens of one key.
struct OpenRepeats {
  /// When the one that was reported happened.
  var time: UInt64
  /// How many followed.
  var count: UInt64
}
