// SPDX-License-Identifier: Apache-2.0

import MeropsModel
import SampleEvents
import Testing

@testable import MeropsStore

struct StoredFactsTests {
  /// Bytes of any kind are decoded to packed facts that make sense; damaged ones that once did, too.
  @Test func hostileBytesDoNotTrap() {
    var random = SystemRandomNumberGenerator()
    var (accepted, looked) = (0, 0)
    var samples = SampleEvents()
    var stored: [[UInt8]] = []
    for event in samples.batch(200) {
      var bytes: [UInt8] = []
      event.withFacts { StoredFacts.encode($0, into: &bytes) { UInt64($0.byteCount) } }
      stored.append(bytes)
    }
    for round in 0..<20_000 {
      var bytes: [UInt8]
      if round % 2 == 0 {
        bytes = (0..<Int.random(in: 0...64, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      } else {
        bytes = stored[round % stored.count]
        for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
          bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
      }
      var packed: [UInt8] = []
      StoredFacts.decode(bytes.span.bytes, into: &packed) { number in
        looked += 1
        return number % 3 == 0 ? nil : Array("text \(number)".utf8)
      }
      var entries = 0
      Facts(packed: packed).forEach { field, bytes, isCut in
        _ = Packed.value(bytes, field.type, isCut: isCut)
        entries += 1
      }
      if entries > 0 { accepted += 1 }
    }
    #expect(accepted > 5_000 && looked > 1_000)
  }

  @Test func textsHaveOneNumberEach() {
    var numbers = TextNumbers(limit: 50)
    var made: [String] = []
    func number(_ text: String) -> UInt64 {
      Array(text.utf8).withUnsafeBytes { bytes in
        numbers.number(of: bytes) { _ in
          made.append(text)
          return UInt64(made.count)
        }
      }
    }
    for text in ["", "a", "/usr/bin/ls", "a"] { _ = number(text) }
    #expect(made == ["", "a", "/usr/bin/ls"])
    // One that is used goes on being known; one that is not is forgotten, and made again.
    for index in 0..<1_000 {
      _ = number("file \(index)")
      #expect(number("a") == 2)
    }
    #expect(made.count == 1_003)
    #expect(number("/usr/bin/ls") == 1_004)
    #expect(numbers.size < 20_000)
  }
}
