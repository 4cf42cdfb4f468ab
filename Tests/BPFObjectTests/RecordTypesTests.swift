// SPDX-License-Identifier: Apache-2.0
import BPFObject
import BTF
import TestObjects
import TestSupport
import Testing

/// Which type a ring's records have.
@Suite struct RecordTypesTests {
  @Test(arguments: [("ring_buffer", 1), ("execsnoop", 1), ("perf_buffer", 1)])
  func sizesThatProgramsWrite(object: String, count: Int) throws {
    let bytes = try #require(Objects.all.first { $0.name == object }).bytes()
    let spec = try ObjectSpec(bytes: bytes, name: object)
    let types = RecordTypes(spec)
    #expect(types.sizes.values.contains { $0.count >= count }, "\(types.sizes)")
    for map in spec.maps where map.type.hasRecords {
      guard let id = types[map: map.name], let sizes = types.sizes[map.name] else { continue }
      #expect(try spec.types.map { sizes.contains(try $0.size(of: id)) } ?? false, "\(map.name)")
    }
  }
}
