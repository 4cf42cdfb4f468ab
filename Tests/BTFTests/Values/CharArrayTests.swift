// SPDX-License-Identifier: Apache-2.0
import BTF
import BTFCoding
import Foundation
import Testing

/// Arrays of `char` that hold text, text and something behind it, or no text: no byte is lost.
@Suite(.enabled(if: !Clang.isMissing, "no clang")) struct CharArrayTests {
  static let types = try? Clang.types(
    of: """
      struct key { char addr[4]; char mac[6]; } key;
      struct name { int id; char name[8]; char lines[2][4]; } name;
      struct odd { char kind; int number; short tail; } odd;
      char value[8];
      """)

  func codec(_ name: String, _ kind: BTFKind = .structure, showsPadding: Bool = false) throws -> BTFCodec {
    let types = try #require(Self.types)
    return try BTFCodec(types, try #require(types.id(named: name, kind: kind)), showsPadding: showsPadding)
  }

  static let keys: [(bytes: [UInt8], json: String)] = [
    ([10, 0, 0, 1, 2, 0, 0, 0, 0, 9], #"{"addr":[10,0,0,1],"mac":[2,0,0,0,0,9]}"#),
    ([10, 0, 0, 2, 2, 0, 0, 0, 0, 8], #"{"addr":[10,0,0,2],"mac":[2,0,0,0,0,8]}"#),
    ([10, 0, 0, 1, 0xe9, 0xff, 0, 0, 0, 8], #"{"addr":[10,0,0,1],"mac":[233,255,0,0,0,8]}"#),
    ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0], #"{"addr":"","mac":""}"#),
    (Array("ab".utf8) + [0, 1] + Array("abcdef".utf8), #"{"addr":"ab","addr.rest":[1],"mac":"abcdef"}"#),
    (Array("a".utf8) + [0, 0, 0] + [0x61, 0, 0, 7, 0, 0], #"{"addr":"a","mac":"a","mac.rest":[0,7]}"#),
  ]

  @Test("Different keys look different, and read back as themselves", arguments: keys)
  func differ(bytes: [UInt8], json: String) throws {
    let codec = try codec("key")
    let value = try codec.decode(bytes)
    #expect(value.json == json)
    #expect(try codec.encode(value) == bytes)
    #expect(try codec.encode(BTFValue(json: value.json)) == bytes)
    #expect(try codec.encode(text: value.json) == bytes)
  }

  @Test func elementsAndWholeValuesHaveNoPlaceForTheRest() throws {
    let name = try codec("name")
    let bytes: [UInt8] = [1, 0, 0, 0] + Array("sh".utf8) + [0, 0, 0, 0, 0, 0] + [0x61, 0, 1, 0, 0x62, 0, 0, 0]
    #expect(try name.decode(bytes).json == #"{"id":1,"name":"sh","lines":[[97,0,1,0],"b"]}"#)
    #expect(try name.encode(BTFValue(json: name.decode(bytes).json)) == bytes)
    let value = try codec("value", .variable)
    for bytes: [UInt8] in [[1, 0, 2, 0, 3, 0, 4, 0], [0x61, 0, 2, 0, 0, 0, 0, 0], [0x61, 0, 0, 0, 0, 0, 0, 0]] {
      #expect(try value.encode(text: value.decode(bytes).json) == bytes)
    }
    #expect(try value.decode([1, 0, 2, 0, 3, 0, 4, 0]).json == "[1,0,2,0,3,0,4,0]")
  }

  @Test func peopleSeeTheTextAlone() throws {
    let bytes: [UInt8] = [1, 0, 0, 0] + Array("sh".utf8) + [0, 0x65, 0x66, 0, 0, 0] + [0, 0, 0, 0, 0, 0, 0, 0]
    let codec = try codec("name")
    #expect(try codec.decode(bytes, text: .untilZero).json == #"{"id":1,"name":"sh","lines":["",""]}"#)
    #expect(try codec.decode(bytes)["name.rest"] == .string("ef"))
  }

  /// The arguments of a program lie one behind the other.
  @Test func textsWithZerosBetween() throws {
    let codec = try codec("name")
    let bytes: [UInt8] = [1, 0, 0, 0] + Array("sh\0-c\0ls".utf8) + [0, 0, 0, 0, 0, 0, 0, 0]
    let value = try codec.decode(bytes)
    #expect(value.json == #"{"id":1,"name":"sh","name.rest":"-c\u0000ls","lines":["",""]}"#)
    #expect(try codec.encode(text: value.json) == bytes)
  }

  @Test func paddingTellsKeysApart() throws {
    let codec = try codec("odd", showsPadding: true)
    #expect(try codec.decode([1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]).json == #"{"kind":1,"number":2,"tail":3}"#)
    let bytes: [UInt8] = [1, 0, 9, 0, 2, 0, 0, 0, 3, 0, 0, 0]
    let value = try codec.decode(bytes)
    #expect(value.json == #"{"kind":1,"number":2,"tail":3,".padding":[0,9,0,0,0]}"#)
    #expect(try codec.encode(text: value.json) == bytes)
    #expect(throws: BTFValueError.self) { try codec.encode(text: #"{".padding":[1]}"#) }
  }

  @Test func whatFollowsTextMustFit() throws {
    let codec = try codec("key")
    #expect(throws: BTFValueError.self) { try codec.encode(text: #"{"addr":"abc","addr.rest":[1]}"#) }
    #expect(throws: BTFValueError.self) { try codec.encode(text: #"{"addr":"a","addr.rest":[300]}"#) }
    #expect(throws: BTFValueError.self) { try codec.encode(text: #"{"addr.rest":[1]}"#) }
  }
}
