// SPDX-License-Identifier: Apache-2.0

import BPFSystem
import BTF
import SystemPackage

/// An object's types in the kernel.
final class LoadedTypes: Sendable {
  private let descriptor: Descriptor
  var fd: CInt { descriptor.rawValue }

  private init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

  /// Hands types to the kernel: as they are or, where the kernel refuses them, with what it is too old for rewritten.
  ///
  /// - Returns: the refusal where the kernel takes the types in neither form.
  static func load(_ types: BTFTypes, token: BPFToken?) throws(BPFError) -> Result<LoadedTypes, BPFError> {
    var refusal: (error: Errno, blob: [UInt8])?
    for isSanitised in [false, true] {
      // What the kernel takes is only asked for when it has refused.
      let blob = try blob(types, isSanitised ? Features.types() : nil)
      do {
        return .success(LoadedTypes(try BPFCall.loadBTF(blob.span.bytes, tokenFD: token?.fd)))
      } catch {
        refusal = (error, blob)
        if error == .notPermitted { break }
      }
    }
    let words = refusal.map { explanation($0.blob) } ?? ""
    return .failure(
      BPFError(
        "loading the object's types", errno: refusal?.error ?? .invalidArgument, detail: words.isEmpty ? nil : words))
  }

  private static func blob(_ types: BTFTypes, _ features: BTFFeatures?) throws(BPFError) -> [UInt8] {
    guard let features else { return types.withUnsafeBytes { Array($0) } }
    do {
      return try BTFSanitizer(accepting: features).sanitized(types)
    } catch {
      throw BPFError(.types, "rewriting the object's types for this kernel", underlying: error)
    }
  }

  /// The last words of the kernel about types that it refuses.
  private static func explanation(_ blob: [UInt8]) -> String {
    var log: KernelLog? = KernelLog(level: 1, capacity: 1 << 20)
    _ = try? BPFCall.loadBTF(blob.span.bytes, log: &log)
    return log?.text.split(separator: "\n").last.map(String.init) ?? ""
  }
}
