// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// Something that was done to a file. Behind it: a directory (leaf first, each name with a zero byte behind it) and a name
/// in it, the same of the second place, and more text. The name is empty where the directory is the file itself.
struct FileRecord {
  var header: EventHeader
  var inode: UInt64
  /// Opens like the last one told of, by the same process in a time that is over.
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

/// What a system call's arguments mean: the index of each, or `none`.
struct FileCall {
  /// Which program records it, or 0.
  var program: UInt8
  /// The number of a model's `EventKind`.
  var kind: UInt8
  var directory: UInt8
  var name: UInt8
  var targetDirectory: UInt8
  var targetName: UInt8
  var text: UInt8
  var flags: UInt8
  var mode: UInt8
  var owner: UInt8
  var group: UInt8
  /// A descriptor of the file.
  var descriptor: UInt8

  static var none: UInt8 { 255 }
}

/// The programs that system calls are handed to, by their places in the program array.
enum FileProgram {
  static var open: UInt8 { 1 }
  static var descriptor: UInt8 { 2 }
  static var names: UInt8 { 3 }
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
}

/// Opens of one key.
struct OpenRepeats {
  /// When the one that was told of happened.
  var time: UInt64
  /// How many followed.
  var count: UInt64
}
