// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

import CBPFKernel

/// A map that a probe declares as a global variable.
///
/// Declare it with `var`: its methods take the variable's address, which the loader replaces by the map.
public protocol KernelMap: ~Copyable {
  /// `enum bpf_map_type`
  static var mapType: UInt32 { get }
  var definition: MapDefinition { get set }
}

extension KernelMap where Self: ~Copyable {
  /// What helpers take for the map.
  public var address: UnsafeMutableRawPointer {
    @inline(__always) mutating get { withUnsafeMutablePointer(to: &self) { UnsafeMutableRawPointer($0) } }
  }
}

/// Calls `body` with the bytes of a key or value, its padding zero: the kernel compares and copies padding too, and the
/// verifier refuses to let it read what was never written.
@inline(__always)
func withBytes<Element: BitwiseCopyable, Result>(
  of element: Element, _ body: (UnsafeRawPointer) -> Result
) -> Result {
  withUnsafeTemporaryAllocation(of: Element.self, capacity: 1) { buffer in
    let start = buffer.baseAddress.unsafelyUnwrapped
    bpf_clear(start, UInt64(MemoryLayout<Element>.stride))
    start.initialize(to: element)
    return body(UnsafeRawPointer(start))
  }
}
