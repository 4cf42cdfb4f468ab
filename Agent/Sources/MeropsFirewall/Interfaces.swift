// SPDX-License-Identifier: Apache-2.0
import BPF
import Glibc

/// The interfaces where programs are attached, each by a pinned link.
struct Interfaces {
  /// An interface whose packets are judged.
  struct Guarded {
    var index: UInt32
    var isGeneric: Bool
    var pin: String
  }

  /// An interface where packets that leave are looked at.
  struct Learning {
    var index: UInt32
    var pin: String
  }

  private let folder: String
  private let judge: Program
  private let learner: Program
  private(set) var guarded: [String: Guarded] = [:]
  private(set) var learning: [String: Learning] = [:]

  /// Puts these programs in the place of those that the folder's links have.
  init(in folder: String, judge: Program, learner: Program) throws {
    (self.folder, self.judge, self.learner) = (folder, judge, learner)
    for file in PinFolder.files(in: folder) { try adopt(file) }
  }

  private mutating func adopt(_ file: String) throws {
    let pin = "\(folder)/\(file)"
    let link = try Link.open(pinned: pin)
    var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
    guard let index = try link.info().interfaceIndex, index != 0, if_indextoname(index, &name) != nil else {
      return try Link.unpin(pin)
    }
    let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    if file.hasSuffix("e") {
      try link.update(to: learner)
      learning[text] = Learning(index: index, pin: pin)
    } else {
      try link.update(to: judge)
      guarded[text] = Guarded(index: index, isGeneric: file.hasSuffix("g"), pin: pin)
    }
  }

  /// Forgets those that are gone: they have taken their links along.
  mutating func forgetGone() {
    for (name, place) in guarded where if_nametoindex(name) != place.index { release(name) }
    for (name, place) in learning where if_nametoindex(name) != place.index { ignore(name) }
  }

  /// Has the packets judged that arrive at an interface, if it is there.
  mutating func guardInterface(_ name: String) throws {
    let index = if_nametoindex(name)
    guard index != 0 else { return }
    for mode in [Hook.XDPMode.native, .generic] {
      do throws(BPFError) {
        let link = try judge.attach(to: .xdp(interface: Interface(name), mode: mode))
        let pin = "\(folder)/\(index)\(mode == .generic ? "g" : "n")"
        // Of an interface that had this number before.
        try? Link.unpin(pin)
        try link.pin(at: pin)
        guarded[name] = Guarded(index: index, isGeneric: mode == .generic, pin: pin)
        return
      } catch {
        if error.errno == .resourceBusy || error.errno == .fileExists {
          throw FirewallError(
            .conflict,
            "\(name) has an XDP program of somebody else, and Merops stands back: see it with `ip link show \(name)`, "
              + "take it away with `ip link set \(name) xdp off` or its own program, and try again.")
        }
        if mode == .generic { throw error }
      }
    }
  }

  mutating func release(_ name: String) {
    if let pin = guarded.removeValue(forKey: name)?.pin { Self.detach(pin) }
  }

  /// Has the packets looked at that leave by an interface, if it is there.
  mutating func learn(_ name: String) throws {
    let index = if_nametoindex(name)
    guard index != 0 else { return }
    do throws(BPFError) {
      // Before others, which may end the way of a packet; they decide as if the program were not there.
      let link = try learner.attach(
        to: .trafficControl(interface: Interface(name), direction: .egress, order: .first))
      let pin = "\(folder)/\(index)e"
      try? Link.unpin(pin)
      try link.pin(at: pin)
      learning[name] = Learning(index: index, pin: pin)
    } catch {
      guard error.code == .unsupported else { throw error }
      throw FirewallError(
        .invalid,
        "Rules with a state need Linux 6.6, where packets that leave can be looked at without an agent (tcx); this is Linux "
          + "\(Features.kernelVersion). Write rules for what answers: `merops firewall allow --protocol udp --source-port 53`."
      )
    }
  }

  mutating func ignore(_ name: String) {
    if let pin = learning.removeValue(forKey: name)?.pin { Self.detach(pin) }
  }

  private static func detach(_ pin: String) {
    try? Link.open(pinned: pin).detach()
    try? Link.unpin(pin)
  }
}
