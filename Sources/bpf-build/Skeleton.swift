// SPDX-License-Identifier: Apache-2.0
import BPFObject
import BPFSkeleton

/// The Swift file of an object: its bytes and, where the target has the library for it, its skeleton.
///
/// - Parameter name: of the source file, without extension.
func swiftSource(name: String, object: [UInt8], withSkeleton: Bool) throws -> String {
  let property = propertyName(name)
  let bytes = objectSource(name: property, bytes: object)
  guard withSkeleton else { return bytes }
  do {
    var source = SkeletonSource(try ObjectSpec(bytes: object, name: name))
    source.origin = name
    source.object = .expression("Objects.\(property)")
    return try source.text() + "\n" + bytes
  } catch {
    throw Failure("error: no skeleton can be made of \(name): \(error)")
  }
}
