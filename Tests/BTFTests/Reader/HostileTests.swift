// SPDX-License-Identifier: Apache-2.0
import BTF
import TestSupport
import Testing

/// BTF that was cut, damaged or made to harm gives an error or an answer, in bounded time.
@Suite struct HostileTests {
  /// Asks everything that can be asked of one BTF.
  static func exercise(_ types: BTFTypes) {
    for id in types.ids {
      _ = try? types.type(id)
      _ = try? types.resolved(id)
      _ = try? types.size(of: id)
      _ = try? types.alignment(of: id)
      _ = try? types.member(named: "name", in: id)
    }
    for id in types.ids.prefix(30) { _ = types.ids(named: types.name(id)) }
    _ = types.ids(essentialName: "node")
    for features in [BTFFeatures(), .all] { _ = try? BTFSanitizer(accepting: features).sanitized(types) }
    // Comparing types that differ only far away is work that grows with the square of their number.
    guard types.ids.count < 200 else { return }
    var builder = BTFBuilder()
    if (try? builder.append(types)) != nil { _ = try? builder.deduplicate() }
  }

  @Test func truncatedAnywhere() throws {
    let bytes = try Sample.bytes()
    for length in 0..<bytes.count {
      let error = #expect(throws: BTFError.self) { try BTFTypes(bytes: Array(bytes[..<length])) }
      #expect((error?.offset ?? .max) <= bytes.count)
    }
  }

  @Test func everyByteDamaged() throws {
    let bytes = try Sample.bytes()
    var read = 0
    for offset in bytes.indices {
      for value in [0, 0xff, bytes[offset] ^ 0x10] {
        var damaged = bytes
        damaged[offset] = value
        guard let types = try? BTFTypes(bytes: damaged) else { continue }
        Self.exercise(types)
        read += 1
      }
    }
    #expect(read > bytes.count / 4 && read < bytes.count * 3, "\(read) of \(bytes.count * 3) are types")
  }

  @Test(arguments: 0..<64) func manyBytesDamaged(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let bytes = try Sample.bytes()
    for _ in 0..<40 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...12, using: &random) {
        damaged[Int.random(in: 24..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if let types = try? BTFTypes(bytes: damaged) { Self.exercise(types) }
    }
  }

  @Test(.enabled(if: Input.hasKernel, "no kernel BTF"), arguments: 0..<8)
  func damagedKernel(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var bytes = try #require(Input.kernelBytes)
    // The kinds are left alone, so that the pass gets through and the damage is met later.
    let kernel = try #require(Input.kernel)
    for _ in 0..<2000 {
      let word = 24 + Int.random(in: 0..<Int(bytes[word: 12]) / 4, using: &random) * 4
      if bytes[word: word] < 1 << 24 { bytes[word: word] = UInt32.random(in: 0..<1 << 24, using: &random) }
    }
    guard let types = try? BTFTypes(bytes: bytes) else { return }
    for id in types.ids {
      _ = try? types.type(id)
      _ = try? types.size(of: id)
      _ = try? types.alignment(of: id)
    }
    _ = types.ids(named: "task_struct")
    #expect(types.ids.count <= kernel.ids.count + 1_000_000)
  }

  // MARK: Types that go in circles

  private func types(_ list: [BTFType]) throws -> BTFTypes {
    var builder = BTFBuilder()
    for type in list { _ = try builder.add(type) }
    let types = try BTFTypes(bytes: builder.encode())
    Self.exercise(types)
    return types
  }

  @Test func circles() throws {
    let types = try types([
      .typedef(name: "a", type: 2), .const(1),  // 1 and 2 qualify each other
      .array(BTFArray(element: 3, index: 3, count: 2)),  // an array of itself
      .structure(BTFComposite(name: "s", size: 8, members: [.init(name: "", type: 4, bitOffset: 0)])),  // in itself
      .pointer(5), .volatile(6), .array(BTFArray(element: 3, index: 1, count: 0)),
    ])
    for id in [1, 2, 6] as [TypeID] {
      #expect(throws: BTFError.self) { try types.resolved(id) }
      #expect(throws: BTFError.self) { try types.size(of: id) }
    }
    for id in [3, 7] as [TypeID] { #expect(throws: BTFError.self) { try types.size(of: id) } }
    for id in [1, 3, 4, 6] as [TypeID] { #expect(throws: BTFError.self) { try types.alignment(of: id) } }
    #expect(try types.size(of: 4) == 8)
    #expect(try types.size(of: 5) == 8)
    #expect(try types.member(named: "x", in: 4) == nil)
  }

  @Test func structsThatDoubleAtEachLevel() throws {
    // 100 levels of two anonymous members: 2^100 ways down.
    let levels = (1...100).map { level in
      let next = TypeID(UInt32(level + 1))
      return BTFType.structure(
        BTFComposite(
          name: "", size: 4,
          members: [.init(name: "", type: next, bitOffset: 0), .init(name: "", type: next, bitOffset: 0)]))
    }
    let types = try types(levels + [.int(BTFInteger(name: "int", size: 4))])
    #expect(try types.alignment(of: 1) == 4)
    #expect(try types.member(named: "x", in: 1) == nil)
  }

  @Test func longChains() throws {
    let chain = (1...4000).map { BTFType.const(TypeID(UInt32($0 + 1))) } + [.int(BTFInteger(name: "int", size: 4))]
    let types = try types(chain)
    let error = #expect(throws: BTFError.self) { try types.resolved(1) }
    #expect(error?.code == .endless)
    let nested = (1...2000).map {
      BTFType.structure(
        BTFComposite(name: "", size: 4, members: [.init(name: "", type: TypeID(UInt32($0 + 1)), bitOffset: 0)]))
    }
    let structs = try self.types(nested + [.int(BTFInteger(name: "int", size: 4))])
    #expect(throws: BTFError.self) { try structs.alignment(of: 1) }
    #expect(throws: BTFError.self) { try structs.member(named: "x", in: 1) }
  }

  @Test func arraysThatOverflow() throws {
    let arrays = (1...40).map { BTFType.array(BTFArray(element: TypeID(UInt32($0 + 1)), index: 41, count: 1 << 31)) }
    let types = try types(arrays + [.int(BTFInteger(name: "int", size: 4))])
    let error = #expect(throws: BTFError.self) { try types.size(of: 1) }
    #expect(error?.code == .tooLarge)
  }

  /// A type for each tail of one long string: a name of its own for each, from hardly any bytes.
  private func tails(of length: Int, asMembers: Bool = false) throws -> [UInt8] {
    var builder = BTFBuilder()
    let name = try builder.string(String(repeating: "a", count: length))
    let members = asMembers ? [BTFComposite.Member(name: "m", type: 1, bitOffset: 0)] : []
    for _ in 0..<length { _ = try builder.add(.structure(BTFComposite(name: "s", size: 0, members: members))) }
    var bytes = builder.encode()
    for index in 0..<length {
      let place = 24 + (asMembers ? 24 * index + 12 : 12 * index)
      bytes[word: place] = name + UInt32(index)
    }
    return bytes
  }

  @Test(arguments: [false, true]) func namesThatShareTheirTails(_ asMembers: Bool) throws {
    // Half a gigabyte of names in half a megabyte.
    let error = #expect(throws: BTFError.self) { try BTFTypes(bytes: tails(of: 32768, asMembers: asMembers)) }
    #expect(error?.code == .tooLarge)
    // As far as any compiler goes: each is found by its own name.
    let types = try BTFTypes(bytes: tails(of: 500, asMembers: asMembers))
    Self.exercise(types)
    if !asMembers { #expect(types.ids(named: String(repeating: "a", count: 7)) == [494]) }
  }

  @Test func oneLongNameIsRead() throws {
    let name = String(repeating: "long", count: 20_000)
    let types = try types([.forward(name: "short", isUnion: false), .typedef(name: name, type: 1)])
    #expect(types.ids(named: name) == [2])
  }

  @Test func manyTypesOfOneName() throws {
    let types = try types((0..<3000).map { _ in .forward(name: "same", isUnion: false) })
    #expect(types.ids(named: "same").count == 3000)
  }

  @Test func references() throws {
    let types = try types([.pointer(77), .typedef(name: "t", type: 0xffff_ffff), .forward(name: "f", isUnion: true)])
    #expect(throws: BTFError.self) { try types.resolved(2) }
    #expect(throws: BTFError.self) { try types.type(77) }
    #expect(throws: BTFError.self) { try types.type(0xffff_ffff) }
    #expect(throws: BTFError.self) { try types.size(of: 0) }
    #expect(throws: BTFError.self) { try types.size(of: 3) }
    #expect(types.kind(77) == nil)
    #expect(types.name(77) == "")
    #expect(types.string(at: 0xffff_ffff) == nil)
  }
}
