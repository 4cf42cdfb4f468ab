// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

extension FixedString {
  /// Reads a C string from the kernel's memory.
  ///
  /// - Returns: characters read, or an errno: the text is then empty.
  /// - Requires: Linux 5.5; a GPL-compatible license.
  @inline(__always) @discardableResult
  public mutating func readKernel(from address: UnsafeRawPointer?) -> Status {
    let size = withMutableBytes { bpf_probe_read_kernel_str($0, UInt32(capacity), address) }
    bytes[capacity &- 1] = 0
    // Full: cut, unless the closing zero byte is the last one that fits.
    if size == capacity { withMutableBytes { bpf_copy_kernel_byte($0, address, UInt64(capacity &- 1)) } }
    return finish(size)
  }

  /// Reads a C string from the running process.
  ///
  /// - Returns: characters read, or an errno (it may just not be in memory): the text is then empty.
  /// - Requires: Linux 5.5; a GPL-compatible license.
  @inline(__always) @discardableResult
  public mutating func readUser(from address: UnsafeRawPointer?) -> Status {
    let size = withMutableBytes { bpf_probe_read_user_str($0, UInt32(capacity), address) }
    bytes[capacity &- 1] = 0
    if size == capacity { withMutableBytes { bpf_copy_user_byte($0, address, UInt64(capacity &- 1)) } }
    return finish(size)
  }

  /// Reads the running thread's name; a capacity of 16 holds any.
  ///
  /// - Requires: Linux 4.2.
  @inline(__always)
  public mutating func readCommand() {
    _ = withMutableBytes { bpf_get_current_comm($0, UInt32(capacity)) }
  }

  /// Writes the full path of a kernel `struct path`, where the kernel allows `bpf_d_path`: in LSM hooks, iterators and a
  /// list of functions.
  ///
  /// - Returns: characters written, or an errno: the text is then empty, and cut if there was no room.
  /// - Requires: Linux 5.10.
  @inline(__always) @discardableResult
  public mutating func readPath(_ path: OpaquePointer) -> Status {
    let size = withMutableBytes { bpf_d_path(path, $0, UInt32(capacity)) }
    bytes[capacity &- 1] = size == -36 ? Self.unknownByte : 0
    return finish(size)
  }

  /// Writes the full path of a kernel `struct path`: `name.readPath(file.f_path)`.
  ///
  /// - Requires: Linux 5.10.
  @inline(__always) @discardableResult
  public mutating func readPath(_ path: some KernelObject) -> Status { readPath(path.raw) }

  /// Lends the bytes to a helper that writes text.
  @inline(__always)
  public mutating func withMutableBytes<Result>(_ body: (UnsafeMutablePointer<CChar>) -> Result) -> Result {
    withUnsafeMutablePointer(to: &bytes) { body(UnsafeMutableRawPointer($0).assumingMemoryBound(to: CChar.self)) }
  }

  /// Stands for a last character that is not known.
  @usableFromInline static var unknownByte: UInt8 { @inline(__always) get { 0x7e } }

  /// Takes the answer of a helper that counts the closing zero byte.
  @inline(__always) @usableFromInline
  mutating func finish(_ size: Int) -> Status {
    if size <= 0 { bytes[0] = 0 }
    return Status(rawValue: size > 0 ? size &- 1 : size)
  }

  /// Takes the answer of a helper that does not count the closing zero byte, and answers `E2BIG` when it cuts.
  @inline(__always) @usableFromInline
  mutating func finishUncounted(_ length: Int) -> Status {
    if length < 0 && length != -7 { bytes[0] = 0 }
    bytes[capacity &- 1] = length == -7 ? Self.unknownByte : 0
    return Status(rawValue: length)
  }
}

extension FixedString {
  /// Reads the text in a structure of the kernel: `name.readKernel(from: task.comm)`.
  ///
  /// - Returns: bytes of text, or an errno if the address cannot be read; the text is then empty.
  /// - Requires: Linux 5.5; a GPL-compatible license.
  @inline(__always) @discardableResult
  public mutating func readKernel<let size: Int>(from array: KernelArray<size, UInt8>) -> Status {
    readKernel(from: array.address)
  }

  /// Reads the text in a structure of the kernel.
  ///
  /// - Returns: bytes of text, or an errno if the address cannot be read; the text is then empty.
  /// - Requires: Linux 5.5; a GPL-compatible license.
  @inline(__always) @discardableResult
  public mutating func readKernel<let size: Int>(from array: KernelArray<size, UInt8>.Probed) -> Status {
    readKernel(from: array.address)
  }

  /// Reads the text in a tracepoint's record: `path.readKernel(from: context.filename)`.
  ///
  /// - Returns: bytes of text, or an errno if the address cannot be read; the text is then empty.
  /// - Requires: Linux 5.5; a GPL-compatible license.
  @inline(__always) @discardableResult
  public mutating func readKernel(from text: TracepointText) -> Status { readKernel(from: text.address) }
}
