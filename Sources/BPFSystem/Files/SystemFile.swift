// SPDX-License-Identifier: Apache-2.0
import CBPF
import Glibc
package import SystemPackage

/// Whole files, as /proc, /sys and tracefs serve them: no size is known before the end is read.
package enum SystemFile {
  /// Reads a file to its end.
  ///
  /// - Parameters:
  ///   - limit: bytes after which `EFBIG` is thrown.
  package static func read(_ path: String, limit: Int = 1 << 30) throws(Errno) -> [UInt8] {
    let file = try Descriptor.open(path)
    return try read(file, limit: limit)
  }

  /// Reads a file that is open, from where it stands to its end.
  package static func read(_ file: borrowing Descriptor, limit: Int = 1 << 30) throws(Errno) -> [UInt8] {
    var bytes: [UInt8] = []
    try forEachChunk(file) { (chunk) throws(Errno) in
      guard bytes.count + chunk.count <= limit else { throw Errno.fileTooLarge }
      bytes.append(contentsOf: chunk)
    }
    return bytes
  }

  /// Reads a file of a format to its end.
  ///
  /// Of a file that does not start with one of `magics` only the first bytes are read: the format's reader then reports what
  /// it is not, and nobody reads `/dev/zero` or a large file in vain.
  package static func read(
    _ path: String, ifStartingWith magics: [[UInt8]], limit: Int = 1 << 30
  ) throws(Errno) -> [UInt8] {
    let file = try Descriptor.open(path)
    return try read(file, ifStartingWith: magics, limit: limit)
  }

  static func read(
    _ file: borrowing Descriptor, ifStartingWith magics: [[UInt8]], limit: Int = 1 << 30
  ) throws(Errno) -> [UInt8] {
    // What is read of a pipe may be shorter than any magic number.
    let length = magics.reduce(0) { max($0, $1.count) }
    var start = [UInt8](repeating: 0, count: length)
    var count = 0
    while count < length {
      var span = start.mutableSpan
      let added = try span.withUnsafeMutableBytes { (bytes) throws(Errno) in
        try read(file, into: UnsafeMutableRawBufferPointer(rebasing: bytes[count...]))
      }
      if added == 0 { break }
      count += added
    }
    start.removeLast(length - count)
    guard magics.contains(where: { start.starts(with: $0) }) else { return start }
    return start + (try read(file, limit: limit - count))
  }

  /// Whether there is something at a path that this process can see.
  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Whether there is a directory at a path.
  package static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The magic number of the file system that a path is on (linux/magic.h); nil where there is no such path.
  package static func fileSystem(of path: String) -> UInt32? {
    var status = statfs()
    return statfs(path, &status) == 0 ? UInt32(truncatingIfNeeded: status.f_type) : nil
  }

  /// Where a symbolic link leads; nil for anything else.
  package static func link(_ path: String) -> String? {
    withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
      guard let start = buffer.baseAddress else { return nil }
      let count = readlink(path, start.assumingMemoryBound(to: CChar.self), buffer.count)
      return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }
  }

  /// Removes a file, or a pin: unlink(2).
  package static func remove(_ path: String) throws(Errno) { try checked(unlink(path).orError) }

  /// Makes a directory for the owner only.
  package static func makeDirectory(_ path: String) throws(Errno) { try checked(mkdir(path, 0o700).orError) }

  /// Removes an empty directory.
  package static func removeDirectory(_ path: String) throws(Errno) { try checked(rmdir(path).orError) }

  /// Reads what comes next of an open file.
  ///
  /// - Returns: the number of bytes; zero at the end.
  package static func read(_ file: borrowing Descriptor, into buffer: UnsafeMutableRawBufferPointer) throws(Errno)
    -> Int
  {
    let fd = file.rawValue
    return Int(try retrying { Glibc.read(fd, buffer.baseAddress, buffer.count).orError })
  }

  /// Reads a file as text without the white space around it.
  package static func text(_ path: String, limit: Int = 1 << 24) throws(Errno) -> String {
    trimmed(try read(path, limit: limit))
  }

  /// Writes bytes in one call, as control files want it.
  ///
  /// - Parameters:
  ///   - appending: for files such as `kprobe_events`, which a plain write would clear.
  package static func write(_ text: String, to path: String, appending: Bool = false) throws(Errno) {
    let file = try Descriptor.open(path, flags: O_WRONLY | (appending ? O_APPEND : 0))
    try write(text, to: file)
  }

  static func write(_ text: String, to file: borrowing Descriptor) throws(Errno) {
    let fd = file.rawValue
    let bytes = Array(text.utf8)
    let written = try retrying { Glibc.write(fd, bytes, bytes.count).orError }
    guard written == bytes.count else { throw Errno.ioError }
  }

  static func forEachChunk(
    _ file: borrowing Descriptor, _ body: (UnsafeRawBufferPointer) throws(Errno) -> Void
  ) throws(Errno) {
    let fd = file.rawValue
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      let count = try retrying { Glibc.read(fd, buffer.baseAddress, buffer.count).orError }
      if count == 0 { return }
      try body(UnsafeRawBufferPointer(rebasing: buffer[..<Int(count)]))
    }
  }

  static func trimmed(_ bytes: [UInt8]) -> String {
    func isSpace(_ byte: UInt8) -> Bool { byte <= 32 }
    let start = bytes.firstIndex { !isSpace($0) } ?? bytes.endIndex
    let end = bytes.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? start
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }
}

extension FixedWidthInteger {
  /// The C library's -1 becomes the negated error number.
  var orError: Int { self < 0 ? -Int(errno) : Int(self) }
}
