// SPDX-License-Identifier: Apache-2.0
import CBPF
import Glibc
package import SystemPackage

/// A file descriptor with one owner: closed once, when the owner goes away, and never passed on across `exec`.
package struct Descriptor: ~Copyable, Sendable {
  /// The number, for a call that borrows it. It is valid no longer than this value lives.
  package let rawValue: CInt

  /// Takes ownership of a descriptor that nobody else closes.
  package init(owning rawValue: CInt) {
    self.rawValue = rawValue
  }

  deinit {
    close(rawValue)
  }

  /// Gives ownership up: the caller closes the number that is returned.
  package consuming func release() -> CInt {
    let number = rawValue
    discard self
    return number
  }

  /// A second descriptor of the same object, closed on exec as well.
  package borrowing func duplicate() throws(Errno) -> Descriptor {
    try Descriptor.duplicating(rawValue)
  }

  /// A new descriptor of the object behind a borrowed number.
  package static func duplicating(_ number: CInt) throws(Errno) -> Descriptor {
    Descriptor(owning: try checked(cbpf_duplicate(number)))
  }

  /// Opens a path, closed on exec.
  ///
  /// - Parameters:
  ///   - flags: `O_RDONLY` (zero) and its like; `O_CLOEXEC` is added.
  ///   - mode: permission bits of a file that is created.
  package static func open(_ path: String, flags: CInt = 0, mode: UInt32 = 0) throws(Errno) -> Descriptor {
    Descriptor(owning: try retrying { cbpf_open(path, flags, mode) })
  }

  /// What it was opened for; the kernel keeps it for maps, too.
  package var isReadable: Bool { fcntl(rawValue, F_GETFL) & O_ACCMODE != O_WRONLY }
  package var isWritable: Bool { fcntl(rawValue, F_GETFL) & O_ACCMODE != O_RDONLY }
}
