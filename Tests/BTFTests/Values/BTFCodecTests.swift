// SPDX-License-Identifier: Apache-2.0
import BTF
import BTFCoding
import Testing

/// Values of types that clang made.
@Suite(.enabled(if: !Clang.isMissing, "no clang")) struct BTFCodecTests {
  static let types = try? Clang.types(
    of: """
      typedef unsigned char u8; typedef unsigned int __be32; typedef _Bool bool;
      enum color { RED, GREEN = 5, DARK = 8 };
      enum sign { MINUS = -2, PLUS = 2 };
      enum big { HUGE = 0x8000000000000000, TINY = -0x7fffffffffffffff - 1 > 0 };
      struct point { short x, y; };
      struct all {
        bool yes; char letter; signed char small; unsigned short port; int number; unsigned long long large;
        __int128 wide; unsigned __int128 uwide; float single; double twice; void *pointer;
        enum color color; enum sign sign; enum big big;
        char comm[8]; u8 mac[6]; __be32 address; u8 v6[16];
        struct point point; struct point points[2]; int grid[2][3]; char names[2][4];
        union { unsigned int whole; u8 parts[4]; struct { short low, high; }; } view;
        union { int plain; char text[4]; };
        struct { int inside; };
        int three: 3; unsigned five: 5; long forty: 40; bool bit: 1; enum color shade: 4; enum sign turn: 3;
      } all;
      struct flexible { unsigned int prefixlen; u8 data[]; } flexible;
      struct texts { int n; short odd; char text[]; } texts;
      struct points { long n; struct point data[]; } points;
      struct marked { int begin[0]; int a; struct { } end[0]; } marked;
      struct empty { } empty;
      volatile const __be32 counter = 7;
      int f(int a) { return a; }
      """)

  func codec(_ name: String, _ kind: BTFKind = .structure) throws -> BTFCodec {
    let types = try #require(Self.types)
    return try BTFCodec(types, try #require(types.id(named: name, kind: kind)))
  }

  /// Text, and the JSON that its bytes read as.
  static let texts: [(type: String, text: String, json: String)] = [
    ("point", "x=1,y=-2", #"{"x":1,"y":-2}"#),
    ("point", #" x = 1 , y = 0x10 "#, #"{"x":1,"y":16}"#),
    ("point", #"{"y": 7}"#, #"{"x":0,"y":7}"#),
    ("point", "hex 01 00 ff ff", #"{"x":1,"y":-1}"#),
    ("point", "hex 0x1 0 0xff 0x7f", #"{"x":1,"y":32767}"#),
    ("flexible", "prefixlen=24,data=10.0.0.0", #"{"prefixlen":24,"data":[10,0,0,0]}"#),
    ("flexible", "prefixlen=24,data[1]=9", #"{"prefixlen":24,"data":[0,9]}"#),
    ("flexible", "prefixlen=8", #"{"prefixlen":8,"data":[]}"#),
    ("flexible", "hex 08 00 00 00 01 02", #"{"prefixlen":8,"data":[1,2]}"#),
    (
      "flexible", #"{"prefixlen":128,"data":"fe80::1"}"#,
      #"{"prefixlen":128,"data":[254,128,0,0,0,0,0,0,0,0,0,0,0,0,0,1]}"#
    ),
    ("texts", #"text="abcd""#, #"{"n":0,"odd":0,"text":"abcd"}"#),
    ("points", "data[1].x=3,n=2", #"{"n":2,"data":[{"x":0,"y":0},{"x":3,"y":0}]}"#),
    ("marked", "a=4", #"{"begin":[],"a":4,"end":[]}"#),
    ("empty", "{}", "{}"),
  ]

  @Test("Text to bytes to JSON", arguments: texts)
  func text(type: String, text: String, json: String) throws {
    let codec = try codec(type)
    let bytes = try codec.encode(text: text)
    #expect(try codec.decode(bytes).json == json)
    #expect(try codec.encode(BTFValue(json: json)) == bytes)
  }

  /// One member of `struct all` set from text, and what it reads as.
  static let members: [(text: String, name: String, json: String)] = [
    ("yes=true", "yes", "true"), ("yes=1", "yes", "true"), ("letter=65", "letter", "65"),
    ("small=-128", "small", "-128"),
    ("port=0xffff", "port", "65535"), ("number=-2147483648", "number", "-2147483648"),
    ("large=18446744073709551615", "large", "18446744073709551615"),
    ("wide=-170141183460469231731687303715884105728", "wide", "-170141183460469231731687303715884105728"),
    ("uwide=340282366920938463463374607431768211455", "uwide", "340282366920938463463374607431768211455"),
    ("single=1.5", "single", "1.5"), ("single=0.1", "single", "0.10000000149011612"), ("twice=0.1", "twice", "0.1"),
    ("twice=-inf", "twice", "\"-inf\""), ("twice=3", "twice", "3.0"),
    ("pointer=0xdeadbeef", "pointer", "\"0xdeadbeef\""),
    ("pointer=null", "pointer", "\"0x0\""), ("color=GREEN", "color", "\"GREEN\""), ("color=5", "color", "\"GREEN\""),
    ("color=6", "color", "6"), ("color=GREEN|DARK", "color", "13"), ("color=0xffffffff", "color", "4294967295"),
    ("sign=MINUS", "sign", "\"MINUS\""), ("sign=-2", "sign", "\"MINUS\""), ("sign=-3", "sign", "-3"),
    ("big=HUGE", "big", "\"HUGE\""), ("big=0x8000000000000001", "big", "9223372036854775809"),
    ("comm=sh", "comm", "\"sh\""), (#"comm="a,b=c""#, "comm", "\"a,b=c\""), ("comm=12345678", "comm", "\"12345678\""),
    ("comm=[104,105]", "comm", "\"hi\""), ("mac=52:54:00:12:34:56", "mac", "[82,84,0,18,52,86]"),
    ("mac=[1,2]", "mac", "[1,2,0,0,0,0]"), ("address=10.0.0.1", "address", "167772161"),
    ("address=167772161", "address", "167772161"),
    ("v6=::ffff:1.2.3.4", "v6", "[0,0,0,0,0,0,0,0,0,0,255,255,1,2,3,4]"), ("point.y=-1", "point", #"{"x":0,"y":-1}"#),
    ("points[1].x=2", "points", #"[{"x":0,"y":0},{"x":2,"y":0}]"#),
    ("points=[{\"x\":1}]", "points", #"[{"x":1,"y":0},{"x":0,"y":0}]"#),
    ("grid[1][2]=5", "grid", "[[0,0,0],[0,0,5]]"), ("names[1]=abc", "names", #"["","abc"]"#),
    ("view.whole=0x01020304", "view", #"{"whole":16909060,"parts":[4,3,2,1],"low":772,"high":258}"#),
    ("view.high=-1", "view", #"{"whole":4294901760,"parts":[0,0,255,255],"low":0,"high":-1}"#),
    ("plain=0x6968", "text", "\"hi\""), ("inside=9", "inside", "9"), ("three=-4", "three", "-4"),
    ("five=31", "five", "31"),
    ("forty=-549755813888", "forty", "-549755813888"), ("bit=true", "bit", "true"), ("shade=DARK", "shade", "\"DARK\""),
    ("turn=MINUS", "turn", "\"MINUS\""),
  ]

  @Test("Members", arguments: members)
  func member(text: String, name: String, json: String) throws {
    let codec = try codec("all")
    let bytes = try codec.encode(text: text)
    #expect(bytes.count == codec.size)
    let value = try codec.decode(bytes)
    #expect(value[name]?.json == json)
    #expect(try codec.encode(value) == bytes)
    #expect(try codec.encode(BTFValue(json: value.json)) == bytes)
  }

  static let refused: [(text: String, message: String)] = [
    ("nope=1", "there is no 'nope'; known are 'yes', 'letter', 'small', 'port'"),
    ("point.z=1", "point: there is no 'z'; known are 'x', 'y'"),
    ("points[2].x=1", "points[2]: 3 elements are given, 2 fit"),
    ("number[0]=1", "number: an array is expected, not int"),
    ("number.x=1", "number: a structure is expected, not int"),
    ("port=65536", "port: 65536 does not fit in unsigned short"),
    ("port=-1", "port: -1 does not fit in unsigned short"),
    ("small=128", "small: 128 does not fit in signed char"), ("three=4", "three: 4 does not fit in 3 bits of int"),
    ("yes=maybe", "yes: _Bool is expected, not 'maybe'"), ("number=12x", "number: int is expected, not '12x'"),
    ("color=BLUE", "color: there is no 'BLUE'; known are 'RED', 'GREEN', 'DARK'"),
    ("comm=123456789", "comm: 9 elements are given, 8 fit"),
    ("number=1,number=2", "number: given twice, with different values"),
    ("view.whole=1,view.low=2", "view.low: given twice, with different values"), ("number", "JSON, or 'hex' and"),
    ("", "is expected, not an empty argument"),
    (" \t", "is expected, not an empty argument"), ("{}", "is expected, not '{}'"),
    ("number=1 port=2", "number: int is expected"), ("=1", "a name should be here"), ("a[x]=1", "a number in brackets"),
    ("number=1,,", "a name should be here"), ("hex 01", "bytes are needed, 1 were given"),
    ("hex 100", "not a byte in hexadecimal"),
    (#"{"points":[{"x":1},{"x":70000}]}"#, "points[1].x: 70000 does not fit in short"),
    ("point=5", "point: struct point is expected"),
    (#"{"point":[1]}"#, "point: struct point is expected, not an array of 1"),
    (#"{"number":1.5}"#, "number: int is expected, not 1.5"),
    (#"{"number":null}"#, "not JSON, at byte 10"),
    ("address=10.0.0", "address: __be32 is expected, not '10.0.0'"),
    (#"{"grid":[[1,2,3,4]]}"#, "grid[0]: 4 elements are given, 3 fit"),
    ("mac=52:54:00", "mac: 8 elements are given, 6 fit"),
  ]

  @Test("Numbers beyond a type are not infinity", arguments: ["1e400", "-1e400", "1e39"]) func infinite(text: String)
    throws
  {
    for (size, fits) in [(4, false), (8, !text.contains("400"))] {
      var builder = BTFBuilder()
      let id = try builder.add(.float(name: "number", size: size))
      let codec = try BTFCodec(try BTFTypes(bytes: builder.encode()), id)
      if fits {
        #expect(try codec.encode(text: text).count == size)
      } else {
        let error = #expect(throws: BTFValueError.self) { try codec.encode(text: text) }
        #expect(error?.description.contains("does not fit in") == true)
        #expect(throws: BTFValueError.self) { try codec.encode(.string(text)) }
      }
      #expect(try codec.decode(codec.encode(text: "-inf")) == .float(-.infinity))
    }
  }

  @Test("Errors say where and why", arguments: refused)
  func refuses(text: String, message: String) throws {
    let codec = try codec("all")
    let error = #expect(throws: BTFValueError.self) { try codec.encode(text: text) }
    #expect(error?.description.contains(message) ?? false, "\(error?.description ?? "none")")
  }

  @Test("Single values")
  func single() throws {
    let counter = try codec("counter", .variable)
    #expect(try counter.encode(text: "10.0.0.1") == [10, 0, 0, 1])
    #expect(try counter.encode(text: "42") == [0, 0, 0, 42])
    #expect(try counter.decode([0, 0, 1, 2]) == .unsigned(258))
    let section = try codec(".rodata", .dataSection)
    #expect(try section.decode([0, 0, 0, 7]).json == #"{"counter":7}"#)
    #expect(throws: BTFValueError.self) { try codec("f", .function) }
    #expect(throws: BTFValueError.self) { try BTFCodec(try #require(Self.types), .void) }
  }

  @Test("Text that is not text")
  func textPolicy() throws {
    let codec = try codec("all")
    let offset = try #require(try codec.encode(text: "comm=x").firstIndex(of: UInt8(ascii: "x")))
    func comm(_ raw: [UInt8], _ policy: BTFCodec.TextPolicy) throws -> BTFValue? {
      var bytes = [UInt8](repeating: 0, count: codec.size)
      bytes.replaceSubrange(offset..<offset + raw.count, with: raw)
      return try codec.decode(bytes, text: policy)["comm"]
    }
    #expect(try comm([115, 104, 0, 9], .untilZero) == .string("sh"))
    #expect(try comm([115, 104, 0, 9], .exact) == .string("sh"))
    #expect(try comm([115, 104], .exact) == .string("sh"))
    #expect(try comm([10, 0xc3, 0xa9, 0, 1], .untilZero) == .string("\né"))
    // An address or a hash, which text would show as less than it is.
    for bytes: [UInt8] in [[0xc3], [0, 1, 2], [115, 0x1b, 0, 9], [0xff, 0, 0xff]] {
      let padded = bytes + [UInt8](repeating: 0, count: 8 - bytes.count)
      #expect(try comm(bytes, .untilZero) == .bytes(padded))
    }
    #expect(try comm([0xc3], .exact) == .bytes([0xc3, 0, 0, 0, 0, 0, 0, 0]))
  }

  @Test("Too few bytes are an error, never a trap", arguments: ["all", "flexible", "texts", "points", "marked"])
  func short(type: String) throws {
    let codec = try codec(type)
    let bytes = [UInt8](repeating: 0xa5, count: codec.size + 9)
    for count in 0..<codec.size {
      #expect(throws: BTFValueError.self) { try codec.decode(Array(bytes[..<count])) }
    }
    for count in codec.size...bytes.count { _ = try codec.decode(Array(bytes[..<count])) }
  }
}
