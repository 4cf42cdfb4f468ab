// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import MeropsControl
import MeropsPolicy

/// The files of policies that count, and those that counted before: a file of JSON for each version. Their lists are kept once each,
/// in files that are named by what is in them.
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

  private var listFolder: String { "\(folder)/lists" }

  func version(_ number: UInt64) throws -> Version {
    var version = try withoutLists(number)
    for index in version.files.indices {
      version.files[index].lists = try version.files[index].lists?.mapValues { hash in
        guard let data = FileManager.default.contents(atPath: "\(listFolder)/\(hash)") else {
          throw AgentError(
            "Version \(number) of the policies cannot be read: there is no \(listFolder)/\(hash), a list of it.")
        }
        return String(decoding: data, as: UTF8.self)
      }
    }
    return version
  }

  func change(_ number: UInt64) throws -> PolicyChange { try withoutLists(number).change }

  /// A version with names in place of its lists.
  private func withoutLists(_ number: UInt64) throws -> Version {
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
    var version = version
    for index in version.files.indices {
      version.files[index].lists = try version.files[index].lists?.mapValues { text in
        let hash = ContentHash.text(text.utf8)
        guard mkdir(listFolder, 0o700) == 0 || errno == EEXIST else { throw failure }
        let target = "\(listFolder)/\(hash)"
        if access(target, R_OK) != 0 { try write(Array(text.utf8), to: target) }
        return hash
      }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    try write(Array(try encoder.encode(version)), to: path(version.change.version))
    let old = try numbers().dropLast(Self.kept)
    for number in old { unlink(path(number)) }
    if !old.isEmpty { try removeUnusedLists() }
  }

  private func removeUnusedLists() throws {
    let names = PolicyPins.names(in: listFolder)
    if names.isEmpty { return }
    let used = Set(try numbers().flatMap { try withoutLists($0).files.flatMap { ($0.lists ?? [:]).values } })
    for name in names where !used.contains(name) { unlink("\(listFolder)/\(name)") }
  }

  private func write(_ bytes: [UInt8], to target: String) throws {
    let file = open(target + ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw failure }
    defer { close(file) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      guard count > 0 || errno == EINTR else { throw failure }
      rest = rest.dropFirst(max(count, 0))
    }
    guard fsync(file) == 0, rename(target + ".new", target) == 0 else { throw failure }
  }

  private var failure: AgentError { AgentError.system("The policies cannot be kept in \(folder)", errno) }
}
