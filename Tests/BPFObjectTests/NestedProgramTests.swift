// SPDX-License-Identifier: Apache-2.0

import BPFELF
import TestObjects
import Testing

/// What `BPFPlugin` makes of a program in a folder further down, and of the options beside it.
@Suite struct NestedProgramTests {
  /// Version 3 of the instruction set compares 32 bits at once; version 2 shifts the upper half out first.
  private func comparesWords(_ object: [UInt8], section: String) throws -> Bool {
    let file = try ELFFile(bytes: object)
    let code = Array(file.bytes(of: try #require(file.section(named: section))))
    return stride(from: 0, to: code.count, by: 8).contains { code[$0] & 7 == 6 }
  }

  @Test func isBuiltByItsOptions() throws {
    #expect(Objects.all.contains { $0.name == "nested" })
    #expect(try comparesWords(Objects.nested, section: "socket"))
  }
}
