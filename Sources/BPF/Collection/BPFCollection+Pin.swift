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
  /// an underscore, since a bpffs does not allow dots. A name that something else has then, or that the directory of the
  /// links has, gets an underscore at its end: beside a map `col_bss`, the map `col.bss` is pinned as `col_bss_`.
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
    let links = links && !self.links.isEmpty
    var names = PinNames(of: programs.map(\.name) + maps.map(\.name), taken: links ? ["links"] : [])
    do throws(BPFError) {
      for program in programs {
        let place = "\(directory)/\(names.next(for: program.name))"
        try program.pin(at: place)
        pins.programs[program.name] = place
      }
      for map in maps {
        let place = "\(directory)/\(names.next(for: map.name))"
        try map.pin(at: place)
        pins.maps[map.name] = place
      }
      guard links else { return pins }
      pins.directories += try Pinning.makeDirectories("\(directory)/links")
      names = PinNames(of: self.links.names)
      for name in self.links.names {
        let place = "\(directory)/links/\(names.next(for: name))"
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

extension BPFCollection {
  /// Removes the pins that ``load()`` made for maps that ask for it (`LIBBPF_PIN_BY_NAME`); those that it found stay.
  package func removePinsOfLoad() {
    state.withLock { state in
      state.loaded.pins.remove()
      state.loaded.pins = MapPins()
    }
  }
}

/// Names in one directory of a bpffs, each once.
private struct PinNames {
  /// Names that can stay as they are go before those that have to change.
  private var reserved: Set<String>
  private var taken: Set<String>

  init(of names: [String], taken: Set<String> = []) {
    self.taken = taken
    reserved = Set(names.filter { !$0.contains(".") }).subtracting(taken)
  }

  mutating func next(for name: String) -> String {
    if reserved.remove(name) != nil, taken.insert(name).inserted { return name }
    var free = name.replacing(".", with: "_")
    while reserved.contains(free) || !taken.insert(free).inserted { free += "_" }
    return free
  }
}
