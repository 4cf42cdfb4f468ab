// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

extension FixedString {
  /// Reads the text in a structure of the kernel: `name.readKernel(from: task.comm)`.
  ///
  /// - Returns: bytes of text, or an errno if the address cannot be read; the text is then empty.
  /// - Requires: Linux 5.5; a GPL-compatible licence.
  @inline(__always) @discardableResult
  public mutating func readKernel<let size: Int>(from array: KernelArray<size, UInt8>) -> Status {
    readKernel(from: array.address)
  }

  /// Reads the text in a structure of the kernel.
  ///
  /// - Returns: bytes of text, or an errno if the address cannot be read; the text is then empty.
  /// - Requires: Linux 5.5; a GPL-compatible licence.
  @inline(__always) @discardableResult
  public mutating func readKernel<let size: Int>(from array: KernelArray<size, UInt8>.Probed) -> Status {
    readKernel(from: array.address)
  }

  /// Reads the text in a tracepoint's record: `path.readKernel(from: context.filename)`.
  ///
  /// - Returns: bytes of text, or an errno if the address cannot be read; the text is then empty.
  /// - Requires: Linux 5.5; a GPL-compatible licence.
  @inline(__always) @discardableResult
  public mutating func readKernel(from text: TracepointText) -> Status { readKernel(from: text.address) }
}
