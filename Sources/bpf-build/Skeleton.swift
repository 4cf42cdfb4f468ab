// SPDX-License-Identifier: Apache-2.0
import BPFObject
import BPFSkeleton

/// The Swift file of an object: its bytes and, where the target has the library for it, its skeleton.
///
/// - Parameters:
///   - name: of the source file, without extension.
///   - shared: Swift files that the target and the program both have.
func swiftSource(name: String, object: [UInt8], shared: [String], withSkeleton: Bool) throws -> String {
  let property = propertyName(name)
  let bytes = objectSource(name: property, bytes: object)
  guard withSkeleton else { return bytes }
  do {
    var source = SkeletonSource(try ObjectSpec(bytes: object, name: name))
    source.origin = name
    for file in shared { source.sharedTypes.formUnion(structs(in: try readFile(file))) }
    source.object = .expression("Objects.\(property)")
    return try source.text() + "\n" + bytes
  } catch {
    throw Failure("error: no skeleton can be made of \(name): \(error)")
  }
}

/// The structs that a source file declares outside of any type: lines that start with the declaration.
private func structs(in file: [UInt8]) -> [String] {
  String(decoding: file, as: UTF8.self).split(separator: "\n").compactMap { line in
    let words = line.split { $0 == " " || $0 == "{" || $0 == ":" || $0 == "<" }
    guard let first = line.first, first != " ", let position = words.firstIndex(of: "struct"),
      words[..<position].allSatisfy({
        $0.hasPrefix("@") || ["public", "package", "internal", "nonisolated"].contains($0)
      }),
      words.indices.contains(position + 1)
    else { return nil }
    return String(words[position + 1])
  }
}
