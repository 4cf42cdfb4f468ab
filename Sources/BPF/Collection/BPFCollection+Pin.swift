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
  }

  /// Pins every program and map under its name in a directory, which is made if need be. A dot in a name becomes an
  /// underscore, since a bpffs has none.
  ///
  /// - Parameters:
  ///   - directory: in a bpffs: "/sys/fs/bpf/merops/counter".
  ///   - links: also pins the links that the collection holds, in "DIRECTORY/links".
  /// - Throws: `BPFError` naming what could not be pinned; nothing stays pinned then.
  @discardableResult
  public func pinAll(in directory: String, links: Bool = false) throws(BPFError) -> Pins {
    try state.withLock { (state) throws(BPFError) in try state.expect(.loaded, "pinning") }
    var paths: [String] = []
    var directories = try Pinning.makeDirectories(directory)
    func path(_ name: String, in folder: String) -> String {
      "\(folder)/\(String(name.map { $0 == "." ? "_" : $0 }))"
    }
    var pins = Pins()
    do throws(BPFError) {
      for program in programs {
        let place = path(program.name, in: directory)
        try program.pin(at: place)
        paths.append(place)
        pins.programs[program.name] = place
      }
      for map in maps {
        let place = path(map.name, in: directory)
        try map.pin(at: place)
        paths.append(place)
        pins.maps[map.name] = place
      }
      guard links, !attachedNames.isEmpty else { return pins }
      directories += try Pinning.makeDirectories("\(directory)/links")
      for name in attachedNames {
        let place = path(name, in: "\(directory)/links")
        try withLink(name) { link throws(BPFError) in try link.pin(at: place) }
        paths.append(place)
        pins.links[name] = place
      }
    } catch {
      for path in paths.reversed() { try? Pinning.remove(path) }
      for directory in directories.reversed() { Pinning.removeDirectory(directory) }
      throw error
    }
    return pins
  }
}
