// SPDX-License-Identifier: Apache-2.0

import BPFObject
import Synchronization

extension BPFCollection {
  /// What ``pinAll(in:links:)`` pinned.
  public struct Pins: Sendable, Hashable {
    /// Paths by the name of the program, map or link.
    public var programs: [String: String] = [:]
    public var maps: [String: String] = [:]
    public var links: [String: String] = [:]
    /// The directories that were made, outermost first.
    var directories: [String] = []

    /// Removes the pins, and the directories that were made for them where nothing else is in them. Programs, maps and
    /// links stay for as long as something else holds them.
    ///
    /// - Throws: the first failure, after the rest has been removed; a pin that is gone already is none.
    public func remove() throws(BPFError) {
      var first: BPFError?
      for path in [links, programs, maps].flatMap(\.values) {
        do { try Pinning.remove(path) } catch { if error.code != .notFound { first = first ?? error } }
      }
      for directory in directories.reversed() { Pinning.removeDirectory(directory) }
      if let first { throw first }
    }
  }

  /// Pins every program and map under its name in a directory, which is created if it is missing. A dot in a name becomes
  /// an underscore, since a bpffs does not allow dots.
  ///
  /// - Parameters:
  ///   - directory: in a bpffs: "/sys/fs/bpf/merops/counter".
  ///   - links: also pins the links that the collection holds, in "DIRECTORY/links".
  /// - Throws: `BPFError` naming what could not be pinned; nothing stays pinned then.
  @discardableResult
  public func pinAll(in directory: String, links: Bool = false) throws(BPFError) -> Pins {
    try state.withLock { (state) throws(BPFError) in try state.expect(.loaded, "pinning") }
    var pins = Pins()
    pins.directories = try Pinning.makeDirectories(directory)
    func path(_ name: String, in folder: String) -> String {
      "\(folder)/\(String(name.map { $0 == "." ? "_" : $0 }))"
    }
    do throws(BPFError) {
      for program in programs {
        let place = path(program.name, in: directory)
        try program.pin(at: place)
        pins.programs[program.name] = place
      }
      for map in maps {
        let place = path(map.name, in: directory)
        try map.pin(at: place)
        pins.maps[map.name] = place
      }
      guard links, !self.links.isEmpty else { return pins }
      pins.directories += try Pinning.makeDirectories("\(directory)/links")
      for name in self.links.names {
        let place = path(name, in: "\(directory)/links")
        _ = try self.links.withLink(name) { link throws(BPFError) in try link.pin(at: place) }
        pins.links[name] = place
      }
    } catch {
      try? pins.remove()
      throw error
    }
    return pins
  }
}
