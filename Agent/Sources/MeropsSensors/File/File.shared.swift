// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

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

/// Repeats of all keys on one CPU. What is neither reported nor in the map of the keys was forgotten by it.
struct RepeatCounts {
  var counted: UInt64
  /// With the next event of the same key.
  var reported: UInt64
}

/// Numbers of a model's `EventKind`.
enum FileKind {
  static var open: UInt32 { 32 }
  static var create: UInt32 { 33 }
  static var write: UInt32 { 34 }
  static var unlink: UInt32 { 35 }
  static var rename: UInt32 { 36 }
  static var link: UInt32 { 37 }
  static var symlink: UInt32 { 38 }
  static var mode: UInt32 { 39 }
  static var owner: UInt32 { 40 }
  static var map: UInt32 { 41 }
  static var mounted: UInt32 { 48 }
  static var unmounted: UInt32 { 49 }
}

#if hasFeature(Embedded)
  extension FileRecord {
    /// Nothing is known but the kind.
    @inline(__always)
    mutating func clear(_ kind: UInt32) {
      header.kind = RecordKind.event | UInt16(truncatingIfNeeded: kind)
      header.flags = 0
      inode = 0
      repeats = 0
      device = 0
      flags = 0
      mode = .max
      owner = .max
      group = .max
      error = 0
      directoryBytes = 0
      nameBytes = 0
      targetDirectoryBytes = 0
      targetNameBytes = 0
      textBytes = 0
      isPadding = 0
    }

    /// Says which file it is, behind whatever name; null where there is none.
    @inline(__always)
    mutating func identify(_ node: inode.Probed) {
      if node.isNull { return }
      inode = node.i_ino
      device = node.i_sb.s_dev
      mode = UInt32(node.i_mode)
      owner = node.i_uid.val
      group = node.i_gid.val
      if isUpper(node) { header.flags |= RecordFlags.isUpper }
    }
  }
#endif
