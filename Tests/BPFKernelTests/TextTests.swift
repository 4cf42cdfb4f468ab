// SPDX-License-Identifier: Apache-2.0

import BPFKernel
import Testing

/// Text of the kernel, in user space.
@Suite struct TextTests {
  @Test func textEndsAtTheFirstZeroByteOrWhereItWasCut() {
    var text = FixedString<4>()
    #expect("\(text)".isEmpty)
    for (index, byte) in "ab\0d".utf8.enumerated() { text.bytes[index] = byte }
    #expect("\(text)" == "ab")
    text.bytes[2] = 0x63
    #expect("\(text)" == "abcd")
    #expect(text.isCut)
  }
}
