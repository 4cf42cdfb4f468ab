// SPDX-License-Identifier: Apache-2.0
import CBPF
import Glibc
package import SystemPackage

/// The kinds of kernel object that have ids.
package enum ObjectKind: Sendable, CaseIterable {
  case program, map, btf, link

  var nextID: cbpf_command {
    switch self {
    case .program: CBPF_PROG_NEXT_ID
    case .map: CBPF_MAP_NEXT_ID
    case .btf: CBPF_BTF_NEXT_ID
    case .link: CBPF_LINK_NEXT_ID
    }
  }

  var open: cbpf_command {
    switch self {
    case .program: CBPF_PROG_FD_BY_ID
    case .map: CBPF_MAP_FD_BY_ID
    case .btf: CBPF_BTF_FD_BY_ID
    case .link: CBPF_LINK_FD_BY_ID
    }
  }
}

extension ObjectKind: CustomStringConvertible {
  /// With its article: "a program".
  package var description: String {
    switch self {
    case .program: "a program"
    case .map: "a map"
    case .btf: "a BTF object"
    case .link: "a link"
    }
  }
}

extension BPFCall {
  /// What a descriptor stands for; nil where it is none of bpf(2)'s objects that have ids.
  ///
  /// The text of its link in /proc says so. Without /proc its information does, which differs in length on every kernel
  /// from 5.10 on: a program's is of 160 bytes and more, a map's of 80 and more; of the shorter two, a link's starts with its
  /// type, which is never zero, and a BTF object's with the address that it was asked to write to.
  package static func kind(of fd: CInt) -> ObjectKind? {
    guard let text = SystemFile.link("/proc/self/fd/\(fd)") else { return kindByInformation(of: fd) }
    return switch text {
    case "anon_inode:bpf-prog": .program
    case "anon_inode:bpf-map": .map
    case "anon_inode:bpf_link", "anon_inode:bpf-link": .link
    case "anon_inode:btf": .btf
    default: nil
    }
  }

  static func kindByInformation(of fd: CInt) -> ObjectKind? {
    withUnsafeTemporaryAllocation(byteCount: 512, alignment: 8) { info -> ObjectKind? in
      info.initializeMemory(as: UInt8.self, repeating: 0)
      guard let count = try? objectInfo(fd: fd, into: info) else { return nil }
      return switch count {
      case 160...: .program
      case 80...: .map
      default: info.load(as: UInt32.self) == 0 ? .btf : .link
      }
    }
  }

  private static let pathFDFlag: UInt32 = 1 << 14  // BPF_F_PATH_FD

  private static func pathAttributes(
    _ path: String, _ fd: CInt, _ flags: UInt32, _ directory: CInt?, _ memory: inout CallMemory
  ) -> cbpf_obj {
    cbpf_obj(
      pathname: memory.place(path), bpf_fd: UInt32(bitPattern: fd),
      file_flags: flags | (directory == nil ? 0 : pathFDFlag), path_fd: directory ?? 0, reserved: 0)
  }

  /// BPF_OBJ_PIN: names a map, program, BTF or link in a bpffs.
  ///
  /// - Parameters:
  ///   - directory: an open directory that a relative path starts from (Linux 6.5); nil for the working directory.
  /// - Throws: `EEXIST` when the name is taken, `EINVAL` or `EPERM` outside a bpffs.
  package static func pin(fd: CInt, at path: String, directory: CInt? = nil) throws(Errno) {
    var memory = CallMemory()
    defer { memory.free() }
    var attributes = pathAttributes(path, fd, 0, directory, &memory)
    try call(CBPF_OBJ_PIN, &attributes)
  }

  /// BPF_OBJ_GET: opens what was pinned.
  ///
  /// - Parameters:
  ///   - flags: `BPF_F_RDONLY` (8) or `BPF_F_WRONLY` (16) for maps.
  package static func openPinned(
    _ path: String, flags: UInt32 = 0, directory: CInt? = nil
  ) throws(Errno) -> Descriptor {
    var memory = CallMemory()
    defer { memory.free() }
    var attributes = pathAttributes(path, 0, flags, directory, &memory)
    return try open(CBPF_OBJ_GET, &attributes)
  }

  /// BPF_*_GET_NEXT_ID: the smallest id above another; nil after the last.
  package static func nextID(_ kind: ObjectKind, after id: UInt32) throws(Errno) -> UInt32? {
    var attributes = cbpf_get_id(id: id, next_id: 0, open_flags: 0, token_fd: 0)
    do {
      try call(kind.nextID, &attributes)
      return attributes.next_id
    } catch {
      guard error.rawValue == ENOENT else { throw error }
      return nil
    }
  }

  /// All ids of a kind that exist now, ascending.
  package static func ids(_ kind: ObjectKind) throws(Errno) -> [UInt32] {
    var ids: [UInt32] = []
    while let next = try nextID(kind, after: ids.last ?? 0) { ids.append(next) }
    return ids
  }

  /// Opens the object with the smallest id above another, which becomes its id; nil after the last. What goes away between
  /// being listed and being opened is left out.
  package static func openNext(
    _ kind: ObjectKind, after id: inout UInt32, flags: UInt32 = 0
  ) throws(Errno) -> Descriptor? {
    while let next = try nextID(kind, after: id) {
      id = next
      do {
        return try openByID(kind, id, flags: flags)
      } catch {
        guard error == .noSuchFileOrDirectory else { throw error }
      }
    }
    return nil
  }

  /// BPF_*_GET_FD_BY_ID. `ENOENT` when the object is gone.
  ///
  /// - Parameters:
  ///   - flags: `BPF_F_RDONLY` (8) or `BPF_F_WRONLY` (16) for maps.
  package static func openByID(
    _ kind: ObjectKind, _ id: UInt32, flags: UInt32 = 0, tokenFD: CInt? = nil
  ) throws(Errno) -> Descriptor {
    var attributes = cbpf_get_id(
      id: id, next_id: 0, open_flags: flags | (tokenFD == nil ? 0 : 1 << 16), token_fd: tokenFD ?? 0)
    return try open(kind.open, &attributes)
  }

  /// BPF_OBJ_GET_INFO_BY_FD: fills the structure of the object's kind.
  ///
  /// - Parameters:
  ///   - info: zeroed, or with the pointers and counts of the arrays that are wanted.
  /// - Returns: how many bytes this kernel filled.
  @discardableResult
  package static func objectInfo(fd: CInt, into info: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
    var attributes = cbpf_obj_info(
      bpf_fd: UInt32(bitPattern: fd), info_len: UInt32(info.count), info: UInt64(address: info.baseAddress))
    try call(CBPF_OBJ_INFO, &attributes)
    return Int(attributes.info_len)
  }

  /// The same, for a structure with the kernel's layout.
  @discardableResult
  static func objectInfo<Info>(fd: CInt, _ info: inout Info) throws(Errno) -> Int {
    try withUnsafeMutableBytes(of: &info) { (bytes) throws(Errno) in
      try objectInfo(fd: fd, into: bytes)
    }
  }
}
