// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFBytecode
import BPFObject
import Foundation
import TestSupport
import Testing

/// `bpftool feature probe` asks the same kernel the same questions.
@Suite(.requires(.root), .requires(.command("bpftool"))) struct BpftoolFeaturesTests {
  private static let text = try? Shell.run(["bpftool", "-j", "feature", "probe", "full"], mergeErrors: false).output

  static var probed: [String: Any] {
    let json = try? JSONSerialization.jsonObject(with: Data((text ?? "").utf8))
    return json as? [String: Any] ?? [:]
  }

  private func answers(_ section: String, prefix: String = "have_", suffix: String) throws -> [String: Bool] {
    let all = try #require(Self.probed[section] as? [String: Bool])
    return Dictionary(
      uniqueKeysWithValues: all.map { name, value in
        (String(name.dropFirst(prefix.count).dropLast(suffix.count)), value)
      })
  }

  @Test func mapTypes() throws {
    let theirs = try answers("map_types", suffix: "_map_type")
    #expect(theirs.count >= 30)
    for (name, expected) in theirs {
      let type = try #require(MapType(name: name))
      #expect(try Features.supports(type) == expected, "\(name)")
    }
  }

  @Test func programTypes() throws {
    let theirs = try answers("program_types", suffix: "_prog_type")
    #expect(theirs.count >= 30)
    for (name, expected) in theirs {
      let type = try #require(ProgramType(name: name))
      // bpftool tries fentry alone; tp_btf and iterators are programs of this type as well, and may be allowed.
      if type == .tracing, !expected { continue }
      #expect(try Features.supports(type) == expected, "\(name)")
    }
  }

  /// bpftool before 7.4 does not know how kernels since 6.9 say that a helper is not for a type of program, and takes it
  /// for a yes; so its no counts everywhere, and its yes only where the kernel speaks the old way.
  @Test func helpers() throws {
    let theirs = try #require(Self.probed["helpers"] as? [String: [String]])
    var compared = 0
    for (section, names) in theirs {
      let name = section.dropLast("_available_helpers".count)
      guard let type = ProgramType(name: String(name)), ![.tracing, .lsm, .ext, .structOps].contains(type),
        try Features.supports(type)
      else { continue }
      let ours = Set(try Features.helpers(in: type).map(\.description))
      let known = Set(names)
      // Helpers newer than bpftool.
      let newest = names.compactMap { Helper(named: $0)?.rawValue }.max() ?? 0
      let extra = ours.filter { !known.contains($0) && (Helper(named: $0)?.rawValue ?? 0) <= newest }
      #expect(extra.isEmpty, "\(type): we see \(extra)")
      if KernelVersion.running < "6.9" {
        #expect(known.subtracting(ours).isEmpty, "\(type): bpftool sees \(known.subtracting(ours))")
      }
      compared += 1
    }
    #expect(compared >= 20)
  }

  @Test func kernelOptions() throws {
    let config = try #require(Self.probed["system_config"] as? [String: Any])
    for (name, value) in config where name.hasPrefix("CONFIG_") {
      #expect(try Features.kernelOption(name) == value as? String, "\(name)")
    }
  }
}
