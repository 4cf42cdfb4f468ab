// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// The address of a structure of the kernel.
///
/// The build step makes a type of this kind for each structure that a probe names, with a property for each field that
/// it reads: `task_struct` for addresses whose type the verifier knows, which are read directly, and
/// `task_struct.Probed` for any other. Its fields are read directly, too, where the kernel has `bpf_rdonly_cast` (Linux
/// 6.2), and copied by `bpf_probe_read_kernel` elsewhere; either way, what cannot be read is 0. One object does both: the
/// verifier drops what the running kernel has no use for.
public protocol KernelObject: BitwiseCopyable, Equatable {
  /// The address, as functions in C take it.
  var raw: OpaquePointer { get }
  init(raw: OpaquePointer)
}

extension KernelObject {
  /// Takes the memory at an address for a structure.
  @inline(__always) public init(_ pointer: UnsafeRawPointer) { self.init(raw: OpaquePointer(pointer)) }

  /// The address.
  public var pointer: UnsafeRawPointer { @inline(__always) get { UnsafeRawPointer(raw) } }

  /// Whether the kernel's pointer was null. The fields of a null structure read as 0.
  public var isNull: Bool { @inline(__always) get { UInt(bitPattern: raw) == 0 } }
}

extension UnsafeRawPointer {
  /// Whether a pointer read from the kernel was null there.
  public var isNull: Bool { @inline(__always) get { UInt(bitPattern: self) == 0 } }
}
