// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Gzip

@Suite struct GzipTests {
  /// What gzip makes of bytes, at each of its levels.
  private func packed(_ bytes: [UInt8], _ options: String) throws -> [UInt8] {
    let path = FileManager.default.temporaryDirectory.appending(path: "merops-gzip-\(UUID().uuidString)").path
    defer { for path in [path, path + ".gz"] { unlink(path) } }
    try Data(bytes).write(to: URL(filePath: path))
    try Shell.check("gzip \(options) \(path)")
    return Array(try Data(contentsOf: URL(filePath: path + ".gz")))
  }

  private static let texts: [[UInt8]] = {
    var random = SeededRandom(seed: 1951)
    let config = (0..<9000).map { "CONFIG_OPTION_\($0 * 7919 % 10007)=\($0 % 3 == 0 ? "y" : "m")\n" }.joined()
    return [
      [], [65], Array("a".utf8), Array(repeating: 0, count: 100_000), Array(config.utf8),
      (0..<70_000).map { _ in UInt8.random(in: 0...255, using: &random) },
      (0..<70_000).map { _ in UInt8.random(in: 0...3, using: &random) },
    ]
  }()

  @Test(arguments: ["-1", "-6 --no-name", "-9"]) func unpacksWhatGzipPacks(_ options: String) throws {
    for text in Self.texts { #expect(try Gzip.unpack(packed(text, options)) == text) }
  }

  @Test func everyCutIsAnError() throws {
    let whole = try packed(Self.texts[6], "-6")
    for end in stride(from: 0, to: whole.count, by: 131) {
      #expect(throws: GzipError.self) { try Gzip.unpack(Array(whole[..<end])) }
    }
  }

  @Test func everyChangedByteIsAnErrorOrHarmless() throws {
    let text = Array("eBPF, eBPF, and again eBPF; CONFIG_BPF=y CONFIG_BPF_JIT=y CONFIG_BPF_SYSCALL=y".utf8)
    let whole = try packed(text, "-9 --no-name")
    for index in whole.indices {
      for bit in 0..<8 {
        var changed = whole
        changed[index] ^= 1 << UInt8(bit)
        // The header's time, system and hints are not checked.
        if let result = try? Gzip.unpack(changed) { #expect(result == text) }
      }
    }
  }

  @Test func limitIsKept() throws {
    let whole = try packed(Array(repeating: 7, count: 1 << 20), "-9")
    #expect(throws: GzipError.tooLarge) { try Gzip.unpack(whole, limit: 1 << 20 - 1) }
    #expect(try Gzip.unpack(whole, limit: 1 << 20).count == 1 << 20)
  }

  @Test func whatIsNotGzip() {
    #expect(throws: GzipError.notGzip) { try Gzip.unpack(Array("CONFIG_BPF=y\n".utf8)) }
    #expect(throws: GzipError.notGzip) { try Gzip.unpack([]) }
  }
}
