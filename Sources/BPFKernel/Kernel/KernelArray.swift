// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

/// An array of numbers in a structure that the verifier knows, such as `task.comm`.
///
/// Elements at constant places are read directly; all of it is copied by `bpf_probe_read_kernel`. In `.Probed` every
/// element is.
@frozen public struct KernelArray<let capacity: Int, Element: FixedWidthInteger & BitwiseCopyable>: BitwiseCopyable {
  /// Where the first element is.
  public let address: UnsafeRawPointer
  @inline(__always) public init(_ address: UnsafeRawPointer) { self.address = address }

  /// Elements; 0 if the kernel does not say.
  public var count: Int { @inline(__always) get { capacity } }

  /// One element. The caller knows that it exists.
  public subscript(index: Int) -> Element {
    @inline(__always) get { address.load(fromByteOffset: index &* MemoryLayout<Element>.stride, as: Element.self) }
  }

  /// A copy; zeros if the address cannot be read.
  ///
  /// - Requires: Linux 5.5; a GPL-compatible license.
  public var value: InlineArray<capacity, Element> { @inline(__always) get { probed.value } }

  /// Copies as many bytes as both have room for.
  ///
  /// - Returns: whether the address could be read; `destination` is zeroed if not.
  /// - Requires: Linux 5.5; a GPL-compatible license.
  @discardableResult @inline(__always)
  public func read<T: BitwiseCopyable>(into destination: inout T) -> Bool { probed.read(into: &destination) }

  /// The same array, to be read at any address of the kernel.
  public var probed: Probed { @inline(__always) get { Probed(address) } }

  /// An array of numbers at any address of the kernel.
  @frozen public struct Probed: BitwiseCopyable {
    /// Where the first element is.
    public let address: UnsafeRawPointer
    @inline(__always) public init(_ address: UnsafeRawPointer) { self.address = address }

    /// Elements; 0 if the kernel does not say.
    public var count: Int { @inline(__always) get { capacity } }

    /// Whether a pointer to the array was null.
    public var isNull: Bool { @inline(__always) get { address.isNull } }

    /// One element; zero if the address cannot be read.
    public subscript(index: Int) -> Element {
      @inline(__always) get {
        let place = address + index &* MemoryLayout<Element>.stride
        return switch MemoryLayout<Element>.size {
        case 1: Element(truncatingIfNeeded: bpf_read_kernel_8(place))
        case 2: Element(truncatingIfNeeded: bpf_read_kernel_16(place))
        case 4: Element(truncatingIfNeeded: bpf_read_kernel_32(place))
        default: Element(truncatingIfNeeded: bpf_read_kernel_64(place))
        }
      }
    }

    /// A copy; zeros if the address cannot be read.
    public var value: InlineArray<capacity, Element> {
      @inline(__always) get {
        var value = uninitialized(InlineArray<capacity, Element>.self)
        read(into: &value)
        return value
      }
    }

    /// Copies as many bytes as both have room for.
    ///
    /// - Returns: whether the address could be read; `destination` is zeroed if not.
    @discardableResult @inline(__always)
    public func read<T: BitwiseCopyable>(into destination: inout T) -> Bool {
      let bytes = MemoryLayout<Element>.stride &* capacity
      let size = capacity == 0 || MemoryLayout<T>.size < bytes ? MemoryLayout<T>.size : bytes
      return withUnsafeMutablePointer(to: &destination) { bpf_probe_read_kernel($0, UInt32(size), address) == 0 }
    }
  }
}

/// An array of pointers in a structure that the verifier knows, such as `thread.uprobes`.
@frozen public struct KernelPointers<let capacity: Int, Element: KernelObject>: BitwiseCopyable {
  /// Where the first pointer is.
  public let address: UnsafeRawPointer
  @inline(__always) public init(_ address: UnsafeRawPointer) { self.address = address }

  /// Pointers; 0 if the kernel does not say.
  public var count: Int { @inline(__always) get { capacity } }

  /// What the pointer at a constant place points to.
  public subscript(index: Int) -> Element {
    @inline(__always) get { Element(address.load(fromByteOffset: index &* 8, as: UnsafeRawPointer.self)) }
  }

  /// An array of pointers at any address of the kernel.
  @frozen public struct Probed: BitwiseCopyable {
    /// Where the first pointer is.
    public let address: UnsafeRawPointer
    @inline(__always) public init(_ address: UnsafeRawPointer) { self.address = address }

    /// Pointers; 0 if the kernel does not say.
    public var count: Int { @inline(__always) get { capacity } }

    /// Whether a pointer to the array was null.
    public var isNull: Bool { @inline(__always) get { address.isNull } }

    /// What a pointer points to; null if it cannot be read.
    public subscript(index: Int) -> Element {
      @inline(__always) get {
        let word = bpf_read_kernel_64(address + index &* 8)
        return Element(UnsafeRawPointer(bitPattern: UInt(word)).unsafelyUnwrapped)
      }
    }
  }
}

/// An array of structures, such as `signal.rlim`.
@frozen public struct KernelStructs<let capacity: Int, Element: KernelObject>: BitwiseCopyable {
  /// Where the first structure is.
  public let address: UnsafeRawPointer
  /// Bytes from one to the next.
  public let stride: Int
  @inline(__always) public init(_ address: UnsafeRawPointer, stride: Int) {
    self.address = address
    self.stride = stride
  }

  /// Structures; 0 if the kernel does not say.
  public var count: Int { @inline(__always) get { capacity } }

  /// One structure. The caller knows that it exists.
  public subscript(index: Int) -> Element { @inline(__always) get { Element(address + index &* stride) } }
}
