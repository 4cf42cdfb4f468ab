// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import BPF

/// What loaded programs do.
@Suite(.requires(.root)) struct LoadTests {
  @Test func tailCallsGoWhereTheObjectSays() throws {
    let collection = try load("tail_calls")
    #expect(try collection.run("entry") == 42)
    #expect(try collection.global("last_step") as Int32 == 2)
    #expect(try collection.run("empty_slot") == 7)
  }

  @Test func subprogramsAreLinked() throws {
    let collection = try load("subprograms")
    #expect(try collection.run("uses_static") == 0)
    // leaf(7) + 1 + leaf(64) + 0
    #expect(try collection.run("uses_global") == 22 + 192)
    #expect(try collection.run("uses_weak_and_hidden") == 63 + (64 ^ 5))
    #expect(try collection.global("calls") as UInt64 == 3)
    let results = try Map<UInt32, UInt64>(collection.map("results"))
    #expect(try results.get(0) == 3)
    #expect(try results.get(1) == 2)
    let info = try collection.program("uses_global").info()
    #expect(info.functions.count == 5)
    #expect(info.functionTags.count == 5)
    #expect(!info.lines.isEmpty)
  }

  @Test func mapsOfMapsAreFilled() throws {
    let collection = try load("map_in_map")
    let inner = try Map<UInt32, UInt64>(collection.map("inner_one"))
    _ = try collection.run("look")
    #expect(try inner.get(0) == 1)
  }

  @Test func sizesAreSet() throws {
    let collection = try load("tracepoint") { try $0.setMaxEntries(77, of: $0.spec.maps[0].name) }
    #expect(collection.maps[0].info.maxEntries == 77)
    #expect(throws: BPFError.self) { try collection.setMaxEntries(78, of: collection.maps[0].name) }
    let error = #expect(throws: BPFError.self) { try open("tracepoint").setMaxEntries(1, of: "no_such_map") }
    #expect(error?.code == .notFound)
  }

  @Test func programsAreChosen() throws {
    let collection = try load("tail_calls") { try $0.select(programs: ["step_one", "step_two"]) }
    #expect(collection.programs.map(\.name) == ["step_one", "step_two"])
    let error = #expect(throws: BPFError.self) { try collection.program("entry") }
    #expect(error?.description.contains("step_one, step_two") == true)
    #expect(throws: BPFError.self) { try open("tail_calls").select(programs: ["no_such_program"]) }
    // An element of the program array that is not loaded is an error, not a hole.
    let hole = #expect(throws: BPFError.self) { try load("tail_calls") { try $0.select(programs: ["step_one"]) } }
    #expect(hole?.description.contains("program step_two is not loaded") == true)
  }

  @Test func mapsAreShared() throws {
    let first = try load("subprograms")
    let second = try load("subprograms") { try $0.replaceMap("results", with: try first.map("results")) }
    #expect(try second.map("results").info.id == first.map("results").info.id)
    _ = try second.run("uses_static")
    #expect(try Map<UInt32, UInt64>(first.map("results")).get(0) == 3)
  }

  @Test func mapsThatAreNotCreatedPoisonTheirUsers() throws {
    let error = #expect(throws: BPFError.self) {
      try load("map_in_map") { try $0.change(map: "outer_hash") { $0.autocreate = false } }
    }
    let refusal = try #require(error?.underlying as? VerifierError)
    #expect(refusal.cause == "map outer_hash is referred to, but was not created")
  }

  /// A map of maps that the object leaves without an inner map is the loader's to complete.
  @Test func innerMapsThatAreNotThere() throws {
    let error = #expect(throws: BPFError.self) {
      try load("map_in_map") { try $0.change(map: "outer_hash") { $0.inner = nil } }
    }
    #expect(error?.code == .object)
    #expect(error?.detail == "map outer_hash has no inner map")
    #expect(error?.hint?.contains("__array(values, ...)") == true)
  }

  /// What user space puts into a map of maps has no types that the kernel knows; Linux 5.15 to 6.1 would refuse it where the
  /// object's inner map had a structure's.
  @Test func innerMapsNeedNoTypes() throws {
    let object = try open("map_in_map")
    let type = try #require(object.spec.types?.id(named: "inner", kind: .structure))
    try object.change(map: "outer_hash") {
      $0.inner?.valueType = type
      $0.inner?.valueSize = 32
    }
    try object.load()
    let plain = try AnyMap(creating: MapParameters(.hash, name: "plain", keySize: 8, valueSize: 32, maxEntries: 8))
    let outer = try MapOfMaps<UInt32>(object.map("outer_hash"))
    try outer.set(plain, for: 1)
    #expect(try outer.id(1) == plain.info.id)
  }

  @Test func sizesThatAreLeftToTheLoader() throws {
    let error = #expect(throws: BPFError.self) { try load("subprograms") { try $0.setMaxEntries(0, of: "results") } }
    #expect(error?.detail?.contains("max_entries") == true)
    let large = #expect(throws: BPFError.self) {
      try AnyMap(creating: MapParameters(.hash, name: "large", keySize: 4, valueSize: 1 << 30, maxEntries: 9))
    }
    #expect(large?.code == .invalid)
    #expect(large?.errno == .argListTooLong)
    #expect(large?.detail?.contains("9 entries with keys of 4 and values of 1073741824 bytes") == true)
  }

  /// A subprogram that was compiled without -g leaves its program without function records, and that is said.
  @Test func subprogramsWithoutTypes() throws {
    let collection = try load("half_described")
    #expect(try collection.run("calls_it") == 6)
    #expect(try collection.program("calls_it").info().functions.isEmpty)
    let functions = try #require(collection.omissions.first { $0.part == .functionRecords })
    #expect(functions.owner == "program calls_it")
    #expect(functions.description.contains("undescribed"))
    #expect(functions.description.contains("-g"))
    #expect(try load("subprograms").omissions.isEmpty)
  }

  @Test func longVerificationIsAnnounced() throws {
    let seen = Mutex<[String]>([])
    try LoadSession.announcing("slow", to: { name in seen.withLock { $0.append(name) } }, after: .milliseconds(1)) {
      #expect(eventually { seen.withLock { $0 } == ["slow"] })
    }
    let collection = try open("tail_calls")
    collection.options.verificationTakesLong = { name in seen.withLock { $0.append(name) } }
    try collection.load()
    #expect(seen.withLock { $0 } == ["slow"])
  }

  @Test(.works(from: "6.9")) func arenasAreShared() throws {
    let collection = try load("arena")
    #expect(try collection.program("allocate").testRun(TestRun()).returnValue == 0)
    let memory = try collection.arena("arena").bytes
    let address = try collection.global("address") as UInt64
    let page = try #require(UnsafeRawPointer(bitPattern: UInt(address)))
    #expect(page.loadUnaligned(as: UInt64.self) == 1234)
    #expect(memory.indices.contains(page - UnsafeRawPointer(try #require(memory.baseAddress))))
    let globals = ArenaMemory.globalsOffset(try #require(collection.spec[map: "arena"]))
    #expect(memory.loadUnaligned(fromByteOffset: globals, as: UInt64.self) == 5678)
  }

  /// One function, verified with the context of each program that calls it. Kernels before 6.8 do not know the tag.
  @Test func contextArguments() throws {
    let collection = try load("context_arguments") { try $0.setAutoload(true, of: "from_kprobe") }
    // Nobody reads the events.
    #expect(Int32(bitPattern: try collection.run("from_tc")) == -ENOENT)
    #expect(Int32(bitPattern: try collection.run("from_xdp")) == -ENOENT)
  }

  @Test func trialLoadReports() throws {
    let collection = try open("subprograms")
    let report = try collection.verify()
    #expect(!collection.isLoaded)
    let entry = try #require(report.programs.first { $0.name == "uses_global" })
    #expect(entry.type == .schedCLS)
    #expect(entry.section == "tc")
    #expect(entry.instructionCount > 20)
    #expect(entry.verifiedInstructions > 20)
    #expect(entry.stackDepths.count >= 1)
    #expect(report.maps.count == 2)
    try collection.load()
  }

  /// What the kernel is too old for is told with the first that is not.
  @Test(.enabled(if: KernelVersion.running < "6.4", "this kernel has netfilter programs"))
  func kindsThatAreNotThereHaveAFirstKernel() throws {
    let error = #expect(throws: BPFError.self) { try load("netfilter") }
    #expect(error?.requiredKernel == "6.4")
  }

  /// Kernels before 5.11 charge maps and programs to the limit on locked memory, which is lifted for them and for
  /// no others. All in one test: it is the process's limit.
  @Test func limitOnLockedMemory() throws {
    let before = Memlock.current == .max ? "unlimited" : "\(Memlock.current)"
    defer { _ = try? Shell.check("prlimit --pid \(getpid()) --memlock=\(before):") }
    try Shell.check("prlimit --pid \(getpid()) --memlock=4096:")
    try Memlock.raise(on: KernelVersion(5, 11))
    #expect(Memlock.current == 4096)
    try load("maps").close()
    #expect((Memlock.current == .max) == (KernelVersion.running < "5.11"))
  }

  /// What is not a bpffs is told from a bpffs that delegates nothing.
  @Test(arguments: [
    ("/nosuch", BPFError.Code.notFound, "creating a token from /nosuch: opening it"),
    ("/proc", .wrongKind, "/proc is not the root directory of a bpffs"),
    ("/dev/null", .wrongKind, "/dev/null is not the root directory of a bpffs"),
  ]) func tokensComeFromABPFFS(path: String, code: BPFError.Code, text: String) throws {
    let error = try #require(throws: BPFError.self) { try BPFToken(bpffs: path) }
    #expect(error.code == code && error.description.contains(text), "\(error)")
    #expect(!error.description.contains("delegate"), "\(error)")
  }

  /// On the machine itself there is nothing that a token could stand in for.
  @Test func tokensAreForContainers() throws {
    let error = #expect(throws: BPFError.self) { try BPFToken() }
    #expect(error?.code == .unsupported)
    #expect(error?.requiredKernel == (KernelVersion.running < "6.9" ? "6.9" : nil))
  }

  @Test func logLevelIsHonoured() throws {
    var options = LoadOptions()
    options.logLevel = 2
    let collection = try open("tail_calls", options: options)
    try collection.load()
    #expect(try collection.program("step_two").log?.text.contains("exit") == true)
  }

  @Test func orderOfStepsIsChecked() throws {
    let collection = try open("tail_calls")
    #expect(throws: BPFError.self) { try collection.map("steps") }
    try collection.load()
    let error = #expect(throws: BPFError.self) { try collection.load() }
    #expect(error?.description.contains("loaded already") == true)
  }

  @Test func objectsThatAreNone() throws {
    #expect(throws: BPFError.self) { try BPFCollection(bytes: [1, 2, 3], name: "junk") }
    #expect(throws: BPFError.self) { try BPFCollection(path: "/nowhere.bpf.o") }
    #expect(BPFCollection.objectName("/a/b/counter.bpf.o") == "counter")
  }
}
