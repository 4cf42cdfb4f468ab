// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SystemPackage

/// A range of mapped memory with one owner, unmapped when the owner goes away.
package struct MappedMemory: ~Copyable, @unchecked Sendable {
  /// The whole range. Others may write it at any time (the kernel, another thread): read shared words atomically.
  package let bytes: UnsafeMutableRawBufferPointer

  /// Bytes of a page of memory.
  package static let pageSize = sysconf(CInt(_SC_PAGESIZE))

  /// Maps a part of a file or kernel object, shared.
  ///
  /// - Parameters:
  ///   - count: bytes, rounded up to pages by the kernel.
  ///   - offset: a multiple of the page size.
  ///   - place: the address to map at, which must be free; nil for any.
  package init(
    fd: CInt, count: Int, offset: Int = 0, isWritable: Bool = false, at place: UInt? = nil
  ) throws(Errno) {
    let protection = PROT_READ | (isWritable ? PROT_WRITE : 0)
    let fixed = place == nil ? 0 : CInt(MAP_FIXED_NOREPLACE)
    let address = mmap(
      place.flatMap { UnsafeMutableRawPointer(bitPattern: $0) }, count, protection, MAP_SHARED | fixed, fd, offset)
    guard let address, address != MAP_FAILED else { throw Errno(rawValue: errno) }
    bytes = UnsafeMutableRawBufferPointer(start: address, count: count)
  }

  /// Maps a file that nobody changes, for reading, privately.
  package init(file fd: CInt, count: Int) throws(Errno) {
    let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, fd, 0)
    guard let address, address != MAP_FAILED else { throw Errno(rawValue: errno) }
    bytes = UnsafeMutableRawBufferPointer(start: address, count: count)
  }

  deinit {
    munmap(bytes.baseAddress, bytes.count)
  }
}

/// A file's contents in memory, shared by whoever holds this object: mapped where the file can be, else read.
package final class FileContents: Sendable {
  private enum Storage: ~Copyable, Sendable {
    case mapped(MappedMemory)
    case read(ReadMemory)
  }

  private struct ReadMemory: ~Copyable, @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer
    deinit { bytes.deallocate() }
  }

  private let storage: Storage

  /// The contents, valid for as long as this object lives.
  package var bytes: UnsafeRawBufferPointer {
    switch storage {
    case .mapped(let memory): UnsafeRawBufferPointer(memory.bytes)
    case .read(let memory): UnsafeRawBufferPointer(memory.bytes)
    }
  }

  /// Whether the contents are the file's own pages. `/sys/kernel/btf/vmlinux` can be mapped from Linux 6.16 on.
  package var isMapped: Bool {
    switch storage {
    case .mapped: true
    case .read: false
    }
  }

  /// - Parameter magics: what a file of the format starts with; see
  ///   ``SystemFile/read(_:ifStartingWith:limit:)-(String,_,_)``.
  package init(path: String, ifStartingWith magics: [[UInt8]] = [[]]) throws(Errno) {
    let file = try Descriptor.open(path)
    var status = stat()
    guard fstat(file.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
    if status.st_size > 0, let memory = try? MappedMemory(file: file.rawValue, count: Int(status.st_size)) {
      storage = .mapped(memory)
      return
    }
    let contents = try SystemFile.read(file, ifStartingWith: magics)
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: contents.count, alignment: 8)
    copy.copyBytes(from: contents)
    storage = .read(ReadMemory(bytes: copy))
  }
}
