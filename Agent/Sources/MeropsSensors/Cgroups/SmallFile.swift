// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Files of /proc and /sys, whose size is known only by reading them.
enum SmallFile {
  /// The bytes; empty if the file cannot be read, because its process is gone, say.
  static func bytes(_ path: String, limit: Int = 1 << 20) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return [] }
    defer { close(file) }
    return bytes(of: file, limit: limit)
  }

  /// The bytes of a regular file that is root's, or of whoever runs this process: what others write there is not believed.
  ///
  /// - Returns: nil if it is another kind of file, somebody else's, longer than the limit, or cannot be read.
  static func ownBytes(_ path: String, limit: Int) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      status.st_uid == 0 || status.st_uid == geteuid(), status.st_size <= limit
    else { return nil }
    return bytes(of: file, limit: limit)
  }

  private static func bytes(of file: CInt, limit: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < limit {
      let chunk = [UInt8](unsafeUninitializedCapacity: min(16384, limit - bytes.count)) { room, count in
        count = max(0, read(file, room.baseAddress, room.count))
      }
      if chunk.isEmpty { break }
      bytes += chunk
    }
    return bytes
  }

  static func text(_ path: String) -> String { String(decoding: bytes(path), as: UTF8.self) }

  /// Where a symbolic link leads, as bytes: names need not be UTF-8.
  static func link(_ path: String) -> [UInt8]? {
    let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { room, count in
      count = room.withMemoryRebound(to: CChar.self) { room in
        room.baseAddress.map { max(0, readlink(path, $0, room.count)) } ?? 0
      }
    }
    return bytes.isEmpty ? nil : bytes
  }
}

/// What is in a directory.
enum Folder {
  /// The names of one type (`DT_DIR`), without `.` and `..`.
  static func names(_ path: String, only type: UInt8) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      guard entry.pointee.d_type == type else { continue }
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }
}
