// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The program that does what rules are about.
enum Deeds {
  static let path = Connector.beside("merops-deeds")

  /// What is done: a kind, and what with.
  typealias Deed = (kind: String, first: String, second: String)

  /// Does one thing after the other, and returns the errors' numbers.
  static func done(in cgroup: OwnCgroup, _ deeds: [Deed]) throws -> [Int32] {
    let process = Process()
    let output = Pipe()
    process.executableURL = path
    process.arguments = [cgroup.path] + deeds.flatMap { [$0.kind, $0.first, $0.second] }
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let numbers = text.split(separator: "\n").compactMap { Int32($0) }
    guard process.terminationStatus == 0, numbers.count == deeds.count else {
      throw Failure(description: "the deeds ended with \(process.terminationStatus): \(text)")
    }
    return numbers
  }

  static func done(in cgroup: OwnCgroup, _ kind: String, _ first: String, _ second: String = "-") throws -> Int32 {
    try done(in: cgroup, [(kind, first, second)])[0]
  }
}
