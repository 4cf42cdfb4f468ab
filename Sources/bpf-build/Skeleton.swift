// SPDX-License-Identifier: Apache-2.0
import BPFCompiler
import BPFObject
import BPFSkeleton

/// The Swift file of an object: its bytes and, where the target has the library for it, its skeleton.
///
/// - Parameters:
///   - name: of the source file, without extension.
///   - shared: Swift files that the target and the program both have.
func swiftSource(name: String, object: [UInt8], shared: [String], withSkeleton: Bool) throws(CompileError) -> String {
  let property = propertyName(name)
  let bytes = objectSource(name: property, bytes: object)
  guard withSkeleton else { return bytes }
  do {
    var source = SkeletonSource(try ObjectSpec(bytes: object, name: name))
    source.origin = name
    for file in shared {
      source.sharedTypes.formUnion(SharedStructs.names(in: try Files.text(file)))
    }
    source.object = .expression("Objects.\(property)")
    return try source.text() + "\n" + bytes
  } catch {
    throw CompileError("no skeleton can be made of \(name): \(error)")
  }
}
