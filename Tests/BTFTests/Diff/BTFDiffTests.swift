// SPDX-License-Identifier: Apache-2.0
import BTF
import BTFText
import Foundation
import Testing

@Suite(.enabled(if: !Clang.isMissing, "no clang")) struct BTFDiffTests {
  static let old = """
    typedef int length_t; typedef long gone_t;
    struct inner { int a; };
    struct same { struct inner inner; void (*f)(struct inner *, int); struct { int u; union { int v; }; }; } same;
    struct task { int pid; char comm[16]; struct inner inner; length_t length; int flags: 3, more: 5; long a, b, c; } task;
    struct grouped { int x; int y; } grouped;
    enum state { RUNNING, STOPPED = 4, ZOMBIE = 5 } state;
    union view { int whole; char parts[4]; } view;
    struct dropped { int x; } dropped;
    gone_t gone;
    int callee(struct task *task, int n) { return n; }
    int kept(struct inner *inner) { return inner->a; }
    """
  static let new = """
    typedef unsigned int length_t;
    struct inner { long a; };
    struct same { struct inner inner; void (*f)(struct inner *, int); struct { int u; union { int v; }; }; } same;
    struct task { int pid; int tgid; char comm[16]; struct inner *inner; length_t length; int flags: 4, more: 5; long a, b, c; } task;
    struct grouped { struct { int x; int y; }; } grouped;
    enum state { RUNNING, STOPPED = 8, DEAD = 5 } state;
    union view { long whole; char parts[4]; } view;
    struct fresh { int x; short y; } fresh;
    int callee(const struct task *task, int n) { return n; }
    int kept(struct inner *renamed) { return renamed->a; }
    long extra(void) { return 1; }
    """

  static let expected = """
    5 added, 4 removed, 6 changed

    + struct fresh (8 bytes)
    + long extra(void)
    + struct fresh fresh
    + short
    + unsigned int

    - struct dropped (4 bytes)
    - typedef long gone_t
    - struct dropped dropped
    - gone_t gone

    ~ struct inner
        size 4 -> 8
        ~ a: int -> long
    ~ struct task
        size 56 -> 64
        ~ inner: struct inner -> struct inner *
        ~ flags: int: 3 -> int: 4
        + tgid: int, at 4
        ~ comm ... inner: 2 members moved by +4, from 4 -> 8
        ~ length ... flags: 2 members moved by +8, from 24 -> 32
        ~ more: moved 28:3 -> 36:4
        ~ a ... c: 3 members moved by +8, from 32 -> 40
    ~ union view
        size 4 -> 8
        ~ whole: int -> long
    ~ enum state
        ~ STOPPED: 4 -> 8
        - ZOMBIE = 5
        + DEAD = 5
    ~ typedef length_t
        int -> unsigned int
    ~ function callee
        int (struct task *task, int n) -> int (const struct task *task, int n)

    """

  @Test("What changed, in words")
  func text() throws {
    let diff = try BTFDiff(from: try Clang.types(of: Self.old), to: try Clang.types(of: Self.new))
    #expect(diff.description.split(separator: "\n") == Self.expected.split(separator: "\n"))
  }

  @Test("What changed, as JSON")
  func json() throws {
    let diff = try BTFDiff(from: try Clang.types(of: Self.old), to: try Clang.types(of: Self.new))
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(diff.json.utf8)) as? [String: [[String: Any]]])
    #expect(object["added"]?.count == diff.added.count)
    #expect(object["removed"]?.count == diff.removed.count)
    #expect(object["changed"]?.count == diff.changed.count)
    for expected in [
      #"{"kind":"struct","name":"fresh","declaration":"struct fresh","size":8}"#,
      #"{"change":"size","from":56,"to":64}"#, #"{"change":"member moved","name":"more","from":227,"to":292}"#,
      #"{"change":"member added","name":"tgid","type":"int","bit_offset":32}"#,
      #"{"kind":"typedef","name":"length_t","details":[{"change":"type","from":"int","to":"unsigned int"}]}"#,
      #"{"change":"value changed","name":"STOPPED","from":4,"to":8}"#,
    ] { #expect(diff.json.contains(expected), "\(expected)") }
  }

  @Test("Backwards, what was added is removed")
  func symmetry() throws {
    let (old, new) = (try Clang.types(of: Self.old), try Clang.types(of: Self.new))
    let (forth, back) = (try BTFDiff(from: old, to: new), try BTFDiff(from: new, to: old))
    #expect(forth.added == back.removed)
    #expect(forth.removed == back.added)
    #expect(forth.changed.map(\.name) == back.changed.map(\.name))
  }

  @Test("A kernel does not differ from itself", .enabled(if: Input.hasKernel, "no kernel BTF"))
  func kernel() throws {
    let kernel = try #require(Input.kernel)
    let bytes = try #require(Input.kernelBytes)
    let same = try BTFDiff(from: kernel, to: try BTFTypes(bytes: bytes))
    #expect(same.isEmpty)
    #expect(same.description == "no difference\n")
  }

  /// Two kernels differ in some ten thousand types. Sorting them must not look into them again and again.
  @Test("Many differences, in order")
  func many() throws {
    func structs(bits: Int) throws -> BTFTypes {
      let members = (0..<8).map { BTFComposite.Member(name: "m\($0)", type: 1, bitOffset: $0 * bits) }
      return try types(
        [.int(BTFInteger(name: "int", size: bits / 8, encoding: .signed))]
          + (0..<6000).map { .structure(BTFComposite(name: "s\($0)", size: bits, members: members)) })
    }
    let diff = try BTFDiff(from: try structs(bits: 32), to: try structs(bits: 64))
    #expect(diff.added.isEmpty && diff.removed.isEmpty)
    #expect(diff.changed.map(\.name) == (0..<6000).map { "s\($0)" }.sorted() + ["int"])
    #expect(diff.changed.allSatisfy { $0.kind != .structure || $0.details.count == 16 })
  }

  /// Types of one name are told apart by their content, and keep their order.
  @Test func namesakes() throws {
    func structs(_ sizes: [Int]) throws -> BTFTypes {
      try types(sizes.map { .structure(BTFComposite(name: "twice", size: $0, members: [])) })
    }
    let diff = try BTFDiff(from: try structs([4, 8, 12]), to: try structs([8, 16, 20, 24]))
    #expect(
      diff.changed.map(\.details) == [[.size(from: 4, to: 16)], [.size(from: 12, to: 20)]])
    #expect(diff.added.map(\.size) == [24])
  }

  private func types(_ list: [BTFType]) throws -> BTFTypes {
    var builder = BTFBuilder()
    for type in list { _ = try builder.add(type) }
    return try BTFTypes(bytes: builder.encode())
  }

  @Test("References that C cannot write are no difference either")
  func strangeReferences() throws {
    for strange: BTFType in [
      .forward(name: "", isUnion: false), .declTag(BTFDeclTag(name: "tag", type: 1)),
      .dataSection(BTFDataSection(name: ".data", size: 0, entries: [])),
    ] {
      let members: [BTFComposite.Member] = [.init(name: "a", type: 1, bitOffset: 0)]
      let all = try types([.pointer(2), strange, .structure(BTFComposite(name: "holder", size: 8, members: members))])
      #expect(try BTFDiff(from: all, to: all).isEmpty, "\(strange)")
    }
  }

  @Test("Unnamed members that double at each level are an error, and soon")
  func doubling() throws {
    func levels(_ size: Int) throws -> BTFTypes {
      let levels = (1...100).map { level in
        let next = TypeID(UInt32(level + 1))
        return BTFType.structure(
          BTFComposite(
            name: level == 1 ? "top" : "", size: level == 1 ? size : 4,
            members: [.init(name: "", type: next, bitOffset: 0), .init(name: "", type: next, bitOffset: 0)]))
      }
      return try types(levels + [.int(BTFInteger(name: "int", size: 4))])
    }
    let error = #expect(throws: BTFError.self) { _ = try BTFDiff(from: levels(4), to: levels(8)) }
    #expect("\(try #require(error))".contains("unnamed members nest beyond any real program's"))
  }
}
