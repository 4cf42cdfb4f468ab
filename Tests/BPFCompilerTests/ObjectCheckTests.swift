// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import BPFCompiler

/// The last stage with objects that clang did not write.
@Suite struct ObjectCheckTests {
  @Test func oddObjects() throws {
    let object = try Built.object(ObjectTests.source)
    var random = SeededRandom(seed: 11)
    for _ in 0..<300 {
      var bytes = object
      for _ in 0..<(1 + random.next(below: 6)) {
        bytes[random.next(below: bytes.count)] = UInt8(random.next(below: 256))
      }
      if random.next(below: 4) == 0 { bytes.removeLast(random.next(below: bytes.count)) }
      do throws(CompileError) {
        _ = try ObjectFinisher(bytes, language: .swift).finish()
      } catch {
        #expect(!error.diagnostics.isEmpty)
      }
    }
  }

  @Test func finishedObjectsStayAsTheyAre() throws {
    let object = try Built.object(ObjectTests.source)
    #expect(try ObjectFinisher(object, language: .swift).finish() == object)
  }
}
