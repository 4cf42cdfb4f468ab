// SPDX-License-Identifier: Apache-2.0
import BPF
import BTFCoding
import Foundation
import TestSupport
import Testing

/// `bpf/shapes.bpf.c`, a program of type syscall among others, through the skeleton that the plugin made of it.
@Suite(.requires(.root), .requires(kernel: "5.14")) struct ShapesTests {
  static func run(_ shapes: Shapes) throws {
    #expect(try shapes.fill.program().testRun(TestRun()).returnValue == 0)
  }

  @Test("Records have the values that the program wrote, and the codec reads the same")
  func records() throws {
    let shapes = try Shapes.load()
    var raw: [UInt8] = []
    var events: [Shapes.Shape] = []
    try Self.run(shapes)
    try shapes.shapeRing.poll(timeout: .zero) { event in
      raw = withUnsafeBytes(of: event) { Array($0) }
      events.append(event)
    }
    let shape = try #require(events.first)
    #expect(events.count == 1)
    #expect(shape.inner.big == 0x1122_3344_5566_7788 && shape.inner.small == 9 && shape.after == 8)
    #expect(shape.color == .colorGreen && shape.sign == .minus && shape.wide == .high)
    #expect(shape.access == [.read, .execute] && !shape.access.contains(.write))
    #expect(shape.flag && shape.nameText == "bee-eater" && shape.count.counter == -4 && shape.grid[1][2] == 12)
    #expect(shape.low == -3 && shape.middle == 100 && shape.bit && shape.shade == .color2d)
    #expect(shape.view.whole == 0x5_0102_0304 && shape.view.second == 5 && shape.view.bytes[0] == 4)
    #expect(shape.plain == 0x2_0001 && shape.left == 1 && shape.right == 2)
    #expect(shape.points[1].x == -7 && shape.points[1].y == 8)
    #expect(shape.packed.tag == 1 && shape.packed.number == 0xdead_beef && shape.packed.nameText == "four")
    #expect(shape.packed.inner.big == 3 && shape.packed.inner.small == 4)
    #expect(shape.address == IPv4Address(192, 0, 2, 7) && shape.address6 == .loopback && shape.port == 80)
    #expect(shape.class == 1 && shape.init_ == 2 && shape.self_ == 3 && shape.pointer == 0)

    let types = try #require(shapes.collection.spec.types)
    let codec = try BTFCodec(types, try #require(types.id(named: "shape", kind: .structure)))
    let value = try codec.decode(raw)
    #expect(value["low"]?.integer == -3 && value["middle"]?.integer == 100 && value["after"]?.integer == 8)
    #expect(value["packed"]?["inner"]?["big"]?.integer == 3)
  }

  @Test("What is written through Swift's members is what the codec encodes")
  func writing() throws {
    let shapes = try Shapes.load()
    let types = try #require(shapes.collection.spec.types)
    let codec = try BTFCodec(types, try #require(types.id(named: "shape", kind: .structure)))
    var shape = Shapes.Shape()
    shape.after = 1
    shape.nameText = "a name that is too long for it"
    shape.low = -1
    shape.middle = 127
    shape.shade = .colorGreen
    shape.view.first = 3
    shape.packed.number = 4
    shape.packed.inner.small = 5
    shape.flag = true
    let value = try codec.decode(withUnsafeBytes(of: shape) { Array($0) })
    #expect(shape.nameText == "a name that is ")
    #expect(value["after"]?.integer == 1 && value["low"]?.integer == -1 && value["middle"]?.integer == 127)
    #expect(value["view"]?["first"]?.integer == 3 && value["packed"]?["number"]?.integer == 4)
    #expect(value["packed"]?["inner"]?["small"]?.integer == 5)
    #expect(value["shade"]?.json == "\"COLOR_GREEN\"" && value["flag"]?.json == "true")
  }

  @Test("Maps have typed keys and values, also those that no program uses")
  func maps() throws {
    let shapes = try Shapes.load()
    try Self.run(shapes)
    var key = Shapes.Key()
    key.pid = 42
    key.kind = 3
    let shape = try #require(try shapes.shapes.get(key))
    #expect(shape.points[1].x == -7)
    #expect(try shapes.shapes.keys().map(\.pid) == [42])
    #expect(try #require(try shapes.scratch.get(0)).contains { $0.big == 77 && $0.small == 5 })

    var waiting = Shapes.WaitingValue()
    waiting.time = 6
    waiting.textText = "abc"
    try shapes.waiting.push(waiting)
    let popped = try #require(try shapes.waiting.pop())
    #expect(popped.time == 6 && popped.textText == "abc")

    try shapes.sameName.set(true, for: 0)
    #expect(try shapes.sameName.get(0)?.value == true && shapes.sameName_2.get(0)?.value == false)
    #expect(shapes.sameName.map.name == "same_name" && shapes.sameName_2.map.name == "sameName")
  }

  @Test("Globals: constants before the load, the others while it runs")
  func globals() throws {
    let opened = try Shapes.open()
    #expect(opened.globals.limit == 7 && opened.globals.preset.big == 1 && opened.globals.greetingText == "hello")
    #expect(opened.globals.mood == .colorGreen && opened.globals.labelText == "start" && opened.globals.counts[2] == 3)
    opened.globals.limit = 30
    opened.globals.preset.big = 12
    opened.globals.greetingText = "Jo"
    opened.globals.counts[0] = 9
    try opened.collection.setGlobal("mood", to: UInt32(0))
    let shapes = try opened.load()
    #expect(shapes.globals.limit == 30 && shapes.globals.preset.big == 12 && shapes.globals.preset.small == 2)
    #expect(shapes.globals.mood == .colorRed && shapes.globals.calls == 0)

    try Self.run(shapes)
    #expect(shapes.globals.calls == 1 && shapes.globals.live.big == 42)
    #expect(Array(shapes.globals.counts) == [9, 12, 3] && shapes.globals.labelText == "Jtart")
    #expect(try shapes.collection.global("calls", as: UInt64.self) == 1)

    shapes.globals.live.big = 100
    shapes.globals.mood = Shapes.Color(rawValue: 77)
    try Self.run(shapes)
    #expect(shapes.globals.live.big == 142 && shapes.globals.mood.rawValue == 77)
    shapes.globals.enabled = false
    #expect(try shapes.fill.program().testRun(TestRun()).returnValue == 1)
    shapes.globals.labelText = "longer than eight"
    #expect(shapes.globals.labelText == "longer ")
    #expect(try shapes.collection.globalValue("label").json == "\"longer \"")
  }

  @Test("A tunable of any plain struct: by the skeleton and by name")
  func structTunables() throws {
    let address = IPv4Address(192, 0, 2, 7)
    let first = try Shapes.open()
    first.globals.gateway = address
    let second = try Shapes.open()
    try second.collection.setGlobal("gateway", to: address)
    for opened in [first, second] {
      let shapes = try opened.load()
      #expect(shapes.globals.gateway == address)
      #expect(try shapes.collection.global("gateway", as: IPv4Address.self) == address)
      try Self.run(shapes)
      #expect(withUnsafeBytes(of: shapes.globals.seenGateway) { Array($0) } == [192, 0, 2, 7])
    }
  }

  @Test("Events: asynchronously, with a tail, from a perf buffer")
  func events() async throws {
    let shapes = try Shapes.load()
    try Self.run(shapes)
    try Self.run(shapes)
    for try await event in shapes.messages {
      #expect(event.count == 5 && event.kind == 9 && event.tail == [10, 20, 30, 40, 50])
      break
    }
    var seen = 0
    for try await event in shapes.shapeRing {
      #expect(event.after == 8)
      seen += 1
      if seen == 2 { break }
    }

    try shapes.samples.open()
    _ = try shapes.sample.program().testRun(TestRun(context: [UInt8](repeating: 0, count: 16)))
    try shapes.samples.poll(timeout: .seconds(5)) { #expect($0.big == 6 && $0.small == 7) }
    #expect(shapes.samples.lost == 0)
  }

  @Test("Perf events, asynchronously")
  func perfEvents() async throws {
    let shapes = try Shapes.load()
    let link = try shapes.sample.attach()
    for try await event in shapes.samples {
      #expect(event.big == 6 && event.small == 7)
      break
    }
    try link.detach()
  }

  @Test("A ring's definition says what its records are")
  func definitions() throws {
    let shapes = try Shapes.load()
    let valued: RingReader<Shapes.Inner> = shapes.valuedRing
    let numbers: RingReader<UInt32> = shapes.numberRing
    #expect(valued.map.info.valueSize == 0 && numbers.map.info.valueSize == 0)
  }

  @Test("A record of another size is an error")
  func otherRecords() throws {
    let shapes = try Shapes.load()
    try Self.run(shapes)
    let reader = try RingReader<Shapes.Inner>(shapes.shapeRing.map)
    let error = #expect(throws: BPFError.self) { try reader.poll { _ in } }
    #expect(error?.code == .sizeMismatch && error?.context.contains("shape_ring") == true)
  }

  @Test("Nothing is left unattached in silence")
  func attaching() throws {
    let opened = try Shapes.open()
    try opened.collection.setAutoload(true, of: "attachAll")
    let shapes = try opened.load()
    let report = try shapes.attachAll()
    #expect(report.attached.map(\.name) == ["sample"])
    #expect(report.waiting.map(\.name) == ["fill", "load", "attachAll"])
    shapes.detachAll()
    shapes.close()
    #expect(throws: BPFError.self) { try shapes.loadProgram.program() }
  }

  @Test("A program that was not loaded says so")
  func unloaded() throws {
    let shapes = try Shapes.load()
    let error = #expect(throws: BPFError.self) { try shapes.attachAllProgram.program() }
    #expect(error?.code == .notFound && error?.hint?.contains("setAutoload") == true)
  }

  @Test("Programs attach where their type does", .requires(.command("ip")))
  func interface() throws {
    let namespace = try TestNamespace()
    try namespace.run {
      try Shell.check("ip link add veth0 type veth peer name veth1")
      let shapes = try Shapes.load()
      let link = try shapes.loadProgram.attach(to: .interface("veth0", mode: .generic))
      #expect(link.place.contains("veth0"))
      try link.detach()
    }
  }

  @Test("An object that is not the skeleton's is refused")
  func otherObject() throws {
    let error = #expect(throws: BPFError.self) { try Shapes.open(bytes: Maps.object) }
    #expect(error?.code == .object && error?.hint?.contains("make it again") == true)
  }
}

/// Objects of the corpus through their skeletons.
@Suite(.requires(.root)) struct CorpusSkeletonTests {
  @Test func tailCalls() throws {
    let calls = try TailCalls.load()
    let result = try calls.entry.program().testRun(data: [UInt8](repeating: 0, count: 64))
    #expect(result.returnValue == 42 && calls.globals.lastStep == 2)
    try calls.steps.set(calls.stepTwo.program(), for: 1)
    #expect(try calls.steps.id(1) == calls.steps.id(3))
  }

  @Test func mapsOfMaps() throws {
    let maps = try MapInMap.load()
    #expect(try maps.outerArray.get(0)?.info.id == maps.innerOne.map.info.id)
    _ = try maps.look.program().testRun(data: [UInt8](repeating: 0, count: 64))
    #expect(try maps.innerOne.get(0) == 1)
  }

  @Test func everyKindOfMap() throws {
    let maps = try Maps.load()
    try maps.queue.push(3)
    #expect(try maps.queue.pop() == 3)
    #expect(maps.collection.maps.contains { $0.name == maps.perfEventArray.map.name })
  }

  @Test func globalsOfEachSection() throws {
    let opened = try GlobalsObject.open()
    #expect(opened.globals.threshold == 10 && opened.globals.settings.labelText == "default")
    #expect(opened.globals.settings.adjust == -2 && opened.globals.total == 100 && opened.globals.small == -3)
    opened.globals.settings.labelText = "mine"
    opened.globals.verbose = true
    let loaded = try opened.load()
    #expect(loaded.globals.settings.labelText == "mine" && loaded.globals.settings.limit == 3)
    #expect(try loaded.collection.global("verbose", as: UInt8.self) == 1)
    loaded.globals.table[1] = [1, 2, 3]
    #expect(loaded.globals.table[1][2] == 3)
  }
}
