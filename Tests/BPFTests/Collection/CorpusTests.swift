// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import Foundation
import Synchronization
import TestObjects
import TestSupport
import Testing

@testable import BPF

/// Every object of the corpus on the running kernel.
@Suite(.requires(.root)) struct CorpusTests {
  /// Objects that are made to be refused, whatever the kernel, and why.
  static let refused: [String: BPFError.Code] = [
    "core_poison": .verifier, "freplace": .object, "sections_unknown": .object,
  ]

  /// What libbpf loads, we load. bpftool carries its own copy of libbpf.
  @Test(.requires(.command("bpftool"))) func loadsWhateverLibbpfLoads() throws {
    let pins = try TestBPFFS()
    let folder = FileManager.default.temporaryDirectory.appending(path: "merops-corpus-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var loaded = 0
    for (name, bytes) in Objects.all {
      let file = folder.appending(path: "\(name).bpf.o")
      try Data(bytes()).write(to: file)
      // Maps that ask for it are pinned by name, too: all of it in a bpffs that ends with the command.
      let command = "mount -t bpf bpf /sys/fs/bpf && exec bpftool prog loadall \(file.path) /sys/fs/bpf/loaded"
      guard (try? Shell.check(["unshare", "--mount", "sh", "-c", command])) != nil else { continue }
      loaded += 1
      do {
        let collection = try open(name, options: pins.options)
        try collection.load()
        collection.close()
      } catch {
        Issue.record("libbpf loads \(name), but here: \(error)")
      }
    }
    #expect(loaded > 10)
  }

  @Test(arguments: refused.keys.sorted()) func refusedForItsReason(name: String) throws {
    let error = #expect(throws: BPFError.self) { try load(name) }
    #expect(error?.code == Self.refused[name])
  }

  /// Nothing that a load opens is left open, whether it succeeds or fails.
  @Test(.sameOnEveryKernel) func noDescriptorIsLeaked() throws {
    // What is cached for the process is not a leak.
    _ = try? KernelTypes.current().modules()
    let pins = try TestBPFFS()
    let loaded = Mutex<Set<String>>([])
    for (name, _) in Objects.all {
      try expectNoLeak {
        let collection = try? open(name, options: pins.options)
        if let collection, (try? collection.load()) != nil, !collection.maps.isEmpty || !collection.programs.isEmpty {
          _ = loaded.withLock { $0.insert(name) }
        }
        collection?.close()
      }
    }
    // Loads that succeed, and loads that fail: each opens something on its way.
    let names = loaded.withLock { $0 }
    #expect(names.isSuperset(of: ["globals", "maps", "map_in_map", "tail_calls", "ring_buffer", "subprograms", "xdp"]))
    #expect(names.isDisjoint(with: Self.refused.keys))
    // A descriptor that stays open is seen.
    let (before, after) = try openDescriptors {
      let collection = try load("globals")
      _ = Unmanaged.passRetained(collection)
    }
    #expect(after.counts["bpf-map", default: 0] > before.counts["bpf-map", default: 0])
  }

  /// The kernel has forgotten everything once a collection is closed.
  @Test func nothingStaysInTheKernel() throws {
    let collection = try load("globals")
    let programs = try collection.programs.map { try $0.id() }
    let maps = collection.maps.map { $0.info.id }
    #expect(programs.count == 2)
    #expect(maps.count == 5)
    collection.close()
    #expect(eventually { programs.allSatisfy { (try? Program(id: $0)) == nil } })
    // A program's maps go when the kernel gets round to freeing the program.
    #expect(eventually { maps.allSatisfy { (try? AnyMap(id: $0)) == nil } })
    let error = #expect(throws: BPFError.self) { try collection.load() }
    #expect(error?.code == .closed)
  }

  /// All that is handed to the kernel can be had without loading, with given descriptors for the maps.
  @Test func preparedWithoutLoading() throws {
    let collection = try open("globals")
    let prepared = try collection.preparedPrograms(mapDescriptors: [70, 71, 72, 73, 74])
    #expect(prepared.map(\.name) == ["count", "reset"])
    #expect(!collection.isLoaded)
    let loads = prepared[0].instructions.filter { $0.isWide }
    #expect(!loads.isEmpty)
    #expect(loads.allSatisfy { (70...74).contains($0.immediate) })
    #expect(prepared[0].functions.count == 1)
    #expect(!prepared[0].lines.isEmpty)
  }
}
