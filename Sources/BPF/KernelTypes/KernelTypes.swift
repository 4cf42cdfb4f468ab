// SPDX-License-Identifier: Apache-2.0

import BPFSystem
public import BTF
import Synchronization

/// The types of the running kernel and of its modules, as described by BTF.
///
/// The kernel's own are opened once per process and stay mapped; names are indexed on first use. A module's are read
/// when something is looked for that the kernel itself does not have.
///
/// - Requires: Linux 5.2 with CONFIG_DEBUG_INFO_BTF; 5.11 for modules
public final class KernelTypes: Sendable {
  /// The types of the kernel proper.
  public let vmlinux: BTFTypes

  /// Where ``vmlinux`` was read from.
  public let source: String

  /// Whether these describe the running kernel, and not a file that the caller named.
  let isRunningKernel: Bool

  private let known = Mutex(ModuleCache())

  private init(_ types: BTFTypes, source: String, isRunningKernel: Bool) {
    vmlinux = types
    self.source = source
    self.isRunningKernel = isRunningKernel
  }

  private static let cache = Mutex<KernelTypes?>(nil)

  /// The running kernel's types: read at the first call, the same object afterwards.
  ///
  /// - Throws: `BPFError` of code `.types` when the kernel has no BTF.
  public static func current() throws(BPFError) -> KernelTypes {
    if let types = cache.withLock({ $0 }) { return types }
    let (types, source) = try KernelTypesSource.running()
    let made = KernelTypes(types, source: source, isRunningKernel: true)
    return cache.withLock { cached in
      if let cached { return cached }
      cached = made
      return made
    }
  }

  /// The types in a file, for kernels without BTF: raw BTF, or an ELF file with a `.BTF` section.
  ///
  /// - Parameter base: for split BTF, the types that it continues: for a module's, the kernel's.
  public static func load(path: String, base: BTFTypes? = nil) throws(BPFError) -> KernelTypes {
    KernelTypes(try KernelTypesSource.file(path, base: base), source: path, isRunningKernel: false)
  }

  /// The types of the modules that are loaded now, in the order in which the kernel numbered them.
  ///
  /// Empty for types from a file, on kernels before 5.11, and where this process may not look.
  public func modules() throws(BPFError) -> [Module] {
    guard isRunningKernel else { return [] }
    return try known.withLock { (cache) throws(BPFError) in try cache.update(base: vmlinux) }
  }
}

extension KernelTypes {
  /// The types that a kernel module adds to the kernel's.
  public final class Module: Sendable {
    /// The module's name.
    public let name: String
    /// The kernel's id of the BTF object.
    public let id: UInt32
    /// Split BTF: its ids continue those of ``KernelTypes/vmlinux``.
    public let types: BTFTypes

    let descriptor: Descriptor

    /// The BTF object's descriptor, which programs name the module by. Valid no longer than this object lives.
    public var fd: CInt { descriptor.rawValue }

    init(name: String, id: UInt32, types: BTFTypes, descriptor: consuming Descriptor) {
      self.name = name
      self.id = id
      self.types = types
      self.descriptor = descriptor
    }
  }
}

extension KernelTypes {
  /// A type found in the kernel or in one of its modules.
  public struct Match: Sendable {
    public var types: BTFTypes
    public var id: TypeID
    /// The module that it is in; nil for the kernel itself.
    public var module: Module?
  }
}

extension KernelTypes {
  /// Looks a name up in the kernel, then in its modules.
  public func find(_ name: String, kind: BTFKind) throws(BPFError) -> Match? {
    if let id = vmlinux.id(named: name, kind: kind) { return Match(types: vmlinux, id: id) }
    for module in try modules() {
      if let id = module.types.id(named: name, kind: kind, includingBase: false) {
        return Match(types: module.types, id: id, module: module)
      }
    }
    return nil
  }
}
