// SPDX-License-Identifier: Apache-2.0
import BTF
import TestSupport
import Testing

/// Sizes, alignments and members.
@Suite struct QueryTests {
  private let types: BTFTypes
  init() throws { types = try BTFTypes(bytes: Sample.bytes()) }

  @Test(
    arguments: [
      (1, 4), (2, 1), (3, 8), (4, 16), (5, 4), (6, 40), (8, 8), (9, 4), (10, 8), (12, 4), (13, 8), (16, 8),
      (18, 16), (19, 8), (22, 40), (25, 0),
    ] as [(TypeID, Int)])
  func size(_ id: TypeID, _ size: Int) throws { #expect(try types.size(of: id) == size) }

  @Test(arguments: [0, 11, 14, 15, 20, 24, 26, 4_000_000_000] as [TypeID])
  func noSize(_ id: TypeID) { #expect(throws: BTFError.self) { try types.size(of: id) } }

  @Test(
    arguments: [(1, 4), (2, 1), (3, 8), (4, 1), (5, 4), (6, 8), (8, 8), (10, 8), (17, 1), (25, 1)] as [(TypeID, Int)])
  func alignment(_ id: TypeID, _ alignment: Int) throws { #expect(try types.alignment(of: id) == alignment) }

  @Test(arguments: [(0, 0), (1, 1), (3, 3), (5, 1), (7, 1), (12, 1), (13, 3), (22, 6), (24, 0)] as [(TypeID, TypeID)])
  func resolved(_ id: TypeID, _ target: TypeID) throws { #expect(try types.resolved(id) == target) }

  @Test func members() throws {
    let name = try #require(try types.member(named: "name", in: 6))
    #expect(name.bitOffset == 64)
    #expect(name.indexes == [1])
    // Through the anonymous union, and through a tag on the struct.
    let inner = try #require(try types.member(named: "self", in: 22))
    #expect(inner.bitOffset == 192)
    #expect(inner.indexes == [2, 1])
    #expect(inner.member.type == 3)
    let bits = try #require(try types.member(named: "high", in: 6))
    #expect(bits.member.bitSize == 29)
    #expect(bits.bitOffset == 259)
    #expect(try types.member(named: "none", in: 6) == nil)
    #expect(try types.member(named: "name", in: 1) == nil)
    #expect(try types.member(named: "name", in: 0) == nil)
  }

  /// The compiler knows the layout of the kernel's structs from the same BTF, printed as C.
  @Test(.requires(.kernelBTF)) func kernelStructsAreNoSmallerThanTheirMembers() throws {
    let kernel = try #require(Input.kernel)
    for id in kernel.ids {
      guard let composite = try kernel.type(id).composite else { continue }
      let alignment = try kernel.alignment(of: id)
      #expect(alignment.nonzeroBitCount == 1 && composite.size % alignment == 0)
      for member in composite.members where !member.isBitField {
        let end = member.bitOffset / 8 + (try kernel.size(of: member.type))
        #expect(end <= composite.size, "\(composite.name).\(member.name)")
      }
      for member in composite.members where !member.name.isEmpty {
        #expect(try kernel.member(named: member.name, in: id) != nil, "\(composite.name).\(member.name)")
      }
    }
  }
}
