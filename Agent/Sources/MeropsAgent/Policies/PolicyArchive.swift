// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import MeropsControl

/// The files of policies that count, and those that counted before: a file of JSON for each version.
struct PolicyArchive: Sendable {
  let folder: String

  typealias Version = PolicyVersion
  typealias Source = PolicyVersion.File

  /// How many versions are kept.
  private static let kept = 100

  init(folder: String) throws {
    self.folder = folder
    guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
      throw AgentError.system("The folder \(folder) of the policies cannot be created", errno)
    }
  }

  private func path(_ version: UInt64) -> String {
    let number = String(version)
    return "\(folder)/\(String(repeating: "0", count: max(8 - number.count, 0)))\(number).json"
  }

  /// The numbers of the versions, ascending.
  func numbers() throws -> [UInt64] {
    try FileManager.default.contentsOfDirectory(atPath: folder).compactMap {
      $0.hasSuffix(".json") ? UInt64($0.dropLast(5)) : nil
    }.sorted()
  }

  func version(_ number: UInt64) throws -> Version {
    guard let data = FileManager.default.contents(atPath: path(number)) else {
      throw AgentError("Version \(number) of the policies cannot be read: there is no \(path(number)).")
    }
    do { return try JSONDecoder().decode(Version.self, from: data) } catch {
      throw AgentError("Version \(number) of the policies cannot be read: \(path(number)) is damaged.")
    }
  }

  func newest() throws -> Version? { try numbers().last.map { try version($0) } }

  func remove(_ number: UInt64) { unlink(path(number)) }

  /// Keeps a version: all of it, or nothing.
  func keep(_ version: Version) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    let target = path(version.change.version)
    let file = open(target + ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw AgentError.system("The policies cannot be kept in \(folder)", errno) }
    defer { close(file) }
    var rest = Array(try encoder.encode(version))[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
      guard count > 0 || errno == EINTR else {
        throw AgentError.system("The policies cannot be kept in \(folder)", errno)
      }
      rest = rest.dropFirst(max(count, 0))
    }
    guard fsync(file) == 0, rename(target + ".new", target) == 0 else {
      throw AgentError.system("The policies cannot be kept in \(folder)", errno)
    }
    for old in try numbers().dropLast(Self.kept) { unlink(path(old)) }
  }
}
