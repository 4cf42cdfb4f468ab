// SPDX-License-Identifier: Apache-2.0
import BTF
import BTFCoding
import Testing

/// Types that are addresses and ports by their names: the kernel's, and those of Merops's kernel programs.
@Suite struct AddressTests {
  private func codec(_ name: String, _ size: Int) throws -> BTFCodec {
    var builder = BTFBuilder()
    let byte = try builder.add(.int(BTFInteger(name: "unsigned char", size: 1)))
    let bytes = try builder.add(.array(BTFArray(element: byte, index: byte, count: size)))
    let address = try builder.add(
      .structure(BTFComposite(name: name, size: size, members: [.init(name: "raw", type: bytes, bitOffset: 0)])))
    let holder = try builder.add(
      .structure(BTFComposite(name: "holder", size: size, members: [.init(name: "a", type: address, bitOffset: 0)])))
    return try BTFCodec(BTFTypes(bytes: builder.encode()), holder)
  }

  static let addresses: [(type: String, bytes: [UInt8], text: String)] = [
    ("in_addr", [10, 0, 0, 1], "10.0.0.1"), ("IPv4Address", [255, 255, 255, 255], "255.255.255.255"),
    ("MACAddress", [0x52, 0x54, 0, 0x12, 0x34, 0xab], "52:54:00:12:34:ab"),
    ("in6_addr", [UInt8](repeating: 0, count: 16), "::"),
    ("IPv6Address", [UInt8](repeating: 0, count: 15) + [1], "::1"),
    ("IPv6Address", [0xfe, 0x80] + [UInt8](repeating: 0, count: 13) + [1], "fe80::1"),
    ("IPv6Address", [0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1], "2001:db8:0:1::1"),
    ("IPv6Address", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0], "1:2:3:4:5:6:7:0"),
    ("IPv6Address", [0, 1] + [UInt8](repeating: 0, count: 14), "1::"),
    ("IPv6Address", [UInt8](repeating: 0, count: 10) + [255, 255, 1, 2, 3, 4], "::ffff:1.2.3.4"),
  ]

  @Test("Printed as text, and read back", arguments: addresses)
  func address(type: String, bytes: [UInt8], text: String) throws {
    let codec = try codec(type, bytes.count)
    #expect(try codec.decode(bytes).json == "{\"a\":\"\(text)\"}")
    #expect(try codec.encode(text: "a=\(text)") == bytes)
    #expect(try codec.encode(text: codec.decode(bytes).json) == bytes)
    // Their members can still be given.
    #expect(try codec.encode(text: "a.raw=[7]").first == 7)
    var buffer = JSONBuffer()
    try bytes.withUnsafeBytes { try RecordJSON(codec).write($0, to: &buffer) }
    #expect(buffer.text == "{\"a\":\"\(text)\"}")
  }

  @Test func aNameAloneMakesNoAddress() throws {
    #expect(try codec("in_addr", 5).decode([1, 2, 3, 4, 5]).json == #"{"a":{"raw":[1,2,3,4,5]}}"#)
  }

  @Test func numbersInNetworkOrder() throws {
    var builder = BTFBuilder()
    let number = try builder.add(.int(BTFInteger(name: "unsigned short", size: 2)))
    let port = try builder.add(.typedef(name: "__be16", type: number))
    let codec = try BTFCodec(BTFTypes(bytes: builder.encode()), port)
    #expect(try codec.decode([1, 187]).json == "443")
    #expect(try codec.encode(text: "443") == [1, 187])
    #expect(try codec.encode(.unsigned(65535)) == [255, 255])
    #expect(throws: BTFValueError.self) { try codec.encode(text: "65536") }
  }
}
