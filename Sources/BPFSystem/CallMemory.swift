// SPDX-License-Identifier: Apache-2.0

/// The memory that one system call's attributes point to: copies that stay in place until ``free()``.
///
/// Small arguments are copied here, so that a call with a dozen optional buffers reads straight down.
struct CallMemory {
  private var blocks: [UnsafeMutableRawPointer] = []

  /// Copies bytes and returns their address; zero, which the kernel reads as "none", where there are none.
  mutating func place(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    guard let source = bytes.baseAddress, !bytes.isEmpty else { return 0 }
    let block = allocate(bytes.count)
    block.copyMemory(from: source, byteCount: bytes.count)
    return UInt64(address: block)
  }

  mutating func place<Element: BitwiseCopyable>(_ values: [Element]) -> UInt64 {
    values.withUnsafeBytes { place($0) }
  }

  /// Copies text with a closing NUL.
  mutating func place(_ text: String) -> UInt64 {
    place(Array(text.utf8CString))
  }

  /// Copies texts and returns the address of the array of their addresses.
  mutating func place(texts: [String]) -> UInt64 {
    place(texts.map { place($0) })
  }

  /// Zeroed room for the kernel to write to.
  mutating func room(_ byteCount: Int) -> UnsafeMutableRawBufferPointer {
    let block = allocate(max(byteCount, 1))
    let buffer = UnsafeMutableRawBufferPointer(start: block, count: byteCount)
    buffer.initializeMemory(as: UInt8.self, repeating: 0)
    return buffer
  }

  func free() {
    for block in blocks { block.deallocate() }
  }

  private mutating func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
    let block = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 8)
    blocks.append(block)
    return block
  }
}

extension UnsafeMutableRawBufferPointer {
  var address: UInt64 { isEmpty ? 0 : UInt64(address: baseAddress) }
}
