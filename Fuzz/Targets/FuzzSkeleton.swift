// SPDX-License-Identifier: Apache-2.0
import BPFObject
import BPFSkeleton

/// Opens an object and writes its skeleton.
@c(LLVMFuzzerTestOneInput) public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  guard let object = try? ObjectSpec(bytes: bytes, name: "fuzz") else { return 0 }
  var source = SkeletonSource(object)
  source.object = .embedded(bytes)
  _ = try? source.text()
  return 0
}
