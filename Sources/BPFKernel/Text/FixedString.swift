// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

/// Text in place, of at most `capacity` bytes with the closing zero byte; it knows whether it was cut. What lies behind
/// the text is left as it was.
///
/// Its bytes: a 16-bit count, a 16-bit flag (1: cut), then `capacity` bytes. Fill it where it is to lie, in a reserved
/// record or a map value: the stack has 512 bytes.
///
///     events.send { $0.path.readUser(from: address) }
@frozen public struct FixedString<let capacity: Int>: BitwiseCopyable {
  /// Bytes of text, without the closing zero byte.
  public var count: UInt16
  @usableFromInline var cut: UInt16
  /// The text, a zero byte, and whatever there was.
  public var bytes: InlineArray<capacity, UInt8>

  /// Whether the text was longer than there is room for, so that it must not be taken for the whole.
  public var isCut: Bool { @inline(__always) get { cut != 0 } }

  /// Empty text, made by writing all of its bytes: for short ones.
  @inline(__always)
  public init() {
    count = 0
    cut = 0
    bytes = InlineArray(repeating: 0)
  }

  /// Reads a C string from the kernel's memory.
  ///
  /// - Returns: false if the address cannot be read; the text is then empty.
  /// - Requires: Linux 5.5; a GPL-compatible licence.
  @inline(__always) @discardableResult
  public mutating func readKernel(from address: UnsafeRawPointer?) -> Bool {
    let size = withUnsafeMutablePointer(to: &bytes) { bpf_probe_read_kernel_str($0, UInt32(capacity), address) }
    if size == capacity {
      // Full: cut, unless the closing zero byte happens to be the last one that fits.
      cut = CBPFKernel.bpf_kernel_byte(address, UInt64(capacity &- 1)) == 0 ? 0 : 1
    } else {
      cut = 0
    }
    return setCount(size)
  }

  /// Reads a C string from the running process.
  ///
  /// - Returns: false if the address cannot be read, or is not in memory just now; the text is then empty.
  /// - Requires: Linux 5.5; a GPL-compatible licence.
  @inline(__always) @discardableResult
  public mutating func readUser(from address: UnsafeRawPointer?) -> Bool {
    let size = withUnsafeMutablePointer(to: &bytes) { bpf_probe_read_user_str($0, UInt32(capacity), address) }
    if size == capacity {
      cut = CBPFKernel.bpf_user_byte(address, UInt64(capacity &- 1)) == 0 ? 0 : 1
    } else {
      cut = 0
    }
    return setCount(size)
  }

  /// Reads the running thread's name: up to 15 bytes, never cut if `capacity` is 16 or more.
  ///
  /// - Requires: Linux 4.2.
  @inline(__always)
  public mutating func readCommand() {
    let status = withUnsafeMutablePointer(to: &bytes) { bpf_get_current_comm($0, UInt32(capacity)) }
    guard status == 0 else {
      count = 0
      return
    }
    // The helper does not say how long the name is.
    var length: UInt16 = 0
    for index in 0..<15 where index < capacity && length == UInt16(index) && bytes[index] != 0 {
      length = length &+ 1
    }
    count = length
    cut = 0
  }

  /// Writes the full path of a kernel `struct path`, where the kernel allows `bpf_d_path`: in LSM hooks, iterators and a
  /// list of functions.
  ///
  /// - Returns: false if there was no room or no path; the text is then empty, and cut if there was no room.
  /// - Requires: Linux 5.10.
  @inline(__always) @discardableResult
  public mutating func readPath(_ path: OpaquePointer) -> Bool {
    let size = withUnsafeMutablePointer(to: &bytes) {
      bpf_d_path(path, UnsafeMutableRawPointer($0).assumingMemoryBound(to: CChar.self), UInt32(capacity))
    }
    cut = size == -36 ? 1 : 0
    return setCount(size)
  }

  /// Takes a helper's answer: bytes with the closing zero byte, or a negative errno.
  @inline(__always) @usableFromInline
  mutating func setCount(_ size: Int) -> Bool {
    count = size > 0 ? UInt16(truncatingIfNeeded: size &- 1) : 0
    return size > 0
  }

  /// Takes a helper's answer: characters without the closing zero byte, or a negative errno (7: cut).
  @inline(__always) @usableFromInline
  mutating func setLength(_ length: Int) {
    count = length > 0 ? UInt16(truncatingIfNeeded: length) : length == -7 ? UInt16(capacity &- 1) : 0
    cut = length == -7 ? 1 : 0
  }

  /// Lends the bytes to a helper that takes text.
  @inline(__always)
  public mutating func withMutableBytes<Result>(_ body: (UnsafeMutablePointer<CChar>) -> Result) -> Result {
    withUnsafeMutablePointer(to: &bytes) { body(UnsafeMutableRawPointer($0).assumingMemoryBound(to: CChar.self)) }
  }
}
