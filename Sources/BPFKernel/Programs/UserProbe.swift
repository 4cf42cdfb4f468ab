// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

/// The context of programs at statically defined user probes (USDT). Where a probe's arguments are is said by a note in
/// the probed file, which the loader puts into a map of a fixed name:
///
///     var __bpf_usdt_specs = USDTSpecifications(maxEntries: 64)
///
///     @section("usdt")
///     func hit(_ context: UserProbe) -> Int32 { ... context.argument(0, of: &__bpf_usdt_specs) ... }
///
/// - Requires: Linux 5.15, with BTF; a GPL-compatible license.
/// Source: libbpf's `usdt.bpf.h`, whose maps these are.
@frozen public struct UserProbe: ProgramContext {
  public let raw: OpaquePointer
  @inline(__always) public init(raw: OpaquePointer) { self.raw = raw }

  /// The registers at the probe.
  public var registers: Registers { @inline(__always) get { Registers(raw: raw) } }

  /// An argument, `index` being a constant from 0 to 11; nil if the probe has no such argument, or it cannot be read.
  @inline(__always)
  public func argument(_ index: Int, of specifications: inout USDTSpecifications) -> Int64? {
    guard let place = specifications.pointer(to: UInt32(truncatingIfNeeded: cookie)) else { return nil }
    guard index < Int(place.pointee.count) else { return nil }
    let argument = UnsafeMutableRawPointer(place).assumingMemoryBound(to: USDTArgument.self) + index
    var value = argument.pointee.value
    if argument.pointee.kind != 0 {
      let address = UnsafeRawPointer(pointer) + Int(argument.pointee.registerOffset)
      guard let register = readKernel(UInt64.self, at: address) else { return nil }
      if argument.pointee.kind == 1 {
        value = register
      } else {
        let address = UnsafeRawPointer(bitPattern: UInt(register &+ value))
        guard let read = readUser(UInt64.self, at: address) else { return nil }
        value = read
      }
    }
    let shift = UInt64(argument.pointee.shift & 63)
    value = value &<< shift
    return argument.pointee.isSigned ? Int64(bitPattern: value) &>> Int64(shift) : Int64(bitPattern: value &>> shift)
  }

  /// The same as an address in the process.
  @inline(__always)
  public func pointerArgument(_ index: Int, of specifications: inout USDTSpecifications) -> UnsafeRawPointer? {
    guard let value = argument(index, of: &specifications) else { return nil }
    return UnsafeRawPointer(bitPattern: UInt(bitPattern: Int(value)))
  }

  /// The number that user space gave when it attached the program: the kernel's ``ProgramContext/cookie`` is the loader's.
  @inline(__always)
  public func userCookie(_ specifications: inout USDTSpecifications) -> UInt64 {
    specifications.pointer(to: UInt32(truncatingIfNeeded: cookie))?.pointee.cookie ?? 0
  }
}

/// Where the arguments of USDTs are, by the cookie of the attachment: filled by the loader. To be declared under the name
/// `__bpf_usdt_specs`; its entries are attachments at a time.
public typealias USDTSpecifications = ArrayMap<USDTSpecification>

/// Where the arguments of one USDT are. 208 bytes.
@frozen public struct USDTSpecification: BitwiseCopyable {
  @usableFromInline var arguments: InlineArray<12, USDTArgument>
  @usableFromInline var cookie: UInt64
  @usableFromInline var count: Int16
}

/// Where one argument is. 16 bytes.
@frozen public struct USDTArgument: BitwiseCopyable {
  /// A constant, or what is added to a register's address.
  @usableFromInline var value: UInt64
  /// 0: the constant; 1: a register; 2: memory that a register points to.
  @usableFromInline var kind: UInt32
  /// The register's place in the context, in bytes.
  @usableFromInline var registerOffset: Int16
  @usableFromInline var isSigned: Bool
  /// 64 less the argument's bits.
  @usableFromInline var shift: UInt8
}
