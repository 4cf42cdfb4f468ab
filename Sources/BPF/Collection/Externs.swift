// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import BTF
import SystemPackage

/// What the running kernel has for each extern of an object.
struct Externs {
  enum Resolution: Equatable {
    /// A value in the map of kernel options, by the map's index.
    case option(map: Int, offset: Int)
    /// The address of a symbol.
    case address(UInt64)
    /// A function or variable by its BTF id. The module's descriptor is named by its number when an address is loaded,
    /// by its place in ``Externs/descriptors`` when it is called; both are 0 for the kernel itself.
    case type(TypeID, descriptor: CInt, index: Int16)
    /// Absent, and weak.
    case missing
  }

  /// One for each extern, in the object's order.
  private(set) var resolutions: [Resolution] = []
  /// The value of the `.kconfig` map.
  private(set) var options: [UInt8]?
  /// BTF objects of modules that are called into, from index 1 on.
  private(set) var descriptors: [CInt] = []
  /// Keeps ``descriptors`` open.
  private var modules: [KernelTypes.Module] = []

  private let spec: ObjectSpec
  private let settings: LoadOptions

  init(_ spec: ObjectSpec, _ settings: LoadOptions) throws(BPFError) {
    self.spec = spec
    self.settings = settings
    guard !spec.externs.isEmpty else { return }
    let symbols = try addresses()
    let optionMap = spec.maps.firstIndex { $0.section == .kconfig }
    if let optionMap { options = [UInt8](repeating: 0, count: Int(spec.maps[optionMap].valueSize)) }
    let texts = try optionTexts()
    for external in spec.externs {
      let resolution: Resolution?
      switch external.kind {
      case .kconfig(_, let format, let offset, let size):
        try fill(external, KernelConfigValue(format: format, size: size), offset, texts)
        resolution = .option(map: optionMap ?? 0, offset: offset)
      case .ksymTypeless: resolution = symbols[external.name].map { .address($0) }
      case .ksymTyped(let type): resolution = try typed(external, type, .variable)
      case .kfunc(let type): resolution = try typed(external, type, .function)
      }
      if let resolution {
        resolutions.append(resolution)
      } else {
        resolutions.append(try absent(external))
      }
    }
  }

  private func absent(_ external: ExternSpec) throws(BPFError) -> Resolution {
    if external.isWeak { return .missing }
    let what =
      switch external.kind {
      case .kfunc: "kernel function"
      case .ksymTyped: "kernel variable"
      case .ksymTypeless: "kernel symbol"
      case .kconfig: "kernel option"
      }
    let needed = requirement(external)
    throw BPFError(
      needed == nil ? .relocation : .unsupported, "resolving extern \(external.name)",
      detail: "this kernel has no \(what) \(external.essentialName)", requires: needed.map { "\($0)" },
      hint: "declare it __weak and test for it, or load on a kernel that has it")
  }

  /// The first kernel that has a function, or else the maps of the object, with which it may have come; nil where this
  /// kernel is new enough.
  private func requirement(_ external: ExternSpec) -> KernelVersion? {
    guard case .kfunc = external.kind else { return nil }
    let needed =
      KernelFunctions.minimumKernel(of: external.essentialName)
      ?? spec.maps.filter(\.autocreate).compactMap(\.type.minimumKernel).max()
    return needed.flatMap { Features.isRunning($0) ? nil : $0 }
  }
}

// Kernel options.
extension Externs {
  /// The text of each option that the object asks for.
  private func optionTexts() throws(BPFError) -> [String: String] {
    let wanted = spec.externs.filter { if case .kconfig = $0.kind { $0.name.hasPrefix("CONFIG_") } else { false } }
    guard !wanted.isEmpty else { return [:] }
    var texts = KernelConfig(parsing: settings.kernelConfig ?? "").values
    guard wanted.contains(where: { texts[$0.name] == nil }) else { return texts }
    do {
      texts.merge(try KernelConfig.current.values) { given, _ in given }
    } catch {
      guard wanted.allSatisfy({ $0.isWeak || texts[$0.name] != nil }) else {
        throw BPFError(
          "reading the kernel's options", errno: error,
          hint: "the kernel needs CONFIG_IKCONFIG_PROC, or its /boot/config-* must be there; or give the options")
      }
    }
    return texts
  }

  private mutating func fill(
    _ external: ExternSpec, _ value: KernelConfigValue, _ offset: Int, _ texts: [String: String]
  ) throws(BPFError) {
    let encoded: [UInt8]?
    let text: String
    if external.name.hasPrefix("CONFIG_") {
      guard let option = texts[external.name] else {
        _ = try absent(external)
        return
      }
      text = option
      encoded = value.encode(option: option)
    } else {
      guard let number = virtualOption(external.name) else {
        guard external.isWeak, external.name.hasPrefix("LINUX_") else {
          throw BPFError(
            .relocation, "resolving extern \(external.name)",
            detail: "only CONFIG_* and LINUX_* can be __kconfig variables")
        }
        return
      }
      text = "\(number)"
      encoded = value.encode(number: number)
    }
    guard let encoded, var bytes = options, offset >= 0, offset + encoded.count <= bytes.count else {
      throw BPFError(
        .relocation, "resolving extern \(external.name)",
        detail: "the kernel's value \(text) does not fit a variable of type \(value)")
    }
    bytes.replaceSubrange(offset..<offset + encoded.count, with: encoded)
    options = bytes
  }

  /// What libbpf calls virtual externs: facts about the kernel that are not options of it.
  private func virtualOption(_ name: String) -> UInt64? {
    switch name {
    case "LINUX_KERNEL_VERSION": UInt64(KernelVersion.current.code)
    case "LINUX_HAS_BPF_COOKIE": KernelSupport.hasCookies ? 1 : 0
    case "LINUX_HAS_SYSCALL_WRAPPER": KernelSupport.hasSystemCallWrappers ? 1 : 0
    default: nil
    }
  }
}

// Kernel symbols.
extension Externs {
  /// The addresses of symbols that are used without a type.
  private func addresses() throws(BPFError) -> [String: UInt64] {
    let names = Set(spec.externs.compactMap { $0.kind == .ksymTypeless ? $0.name : nil })
    guard !names.isEmpty else { return [:] }
    let found: [String: [KernelSymbol]]
    do {
      found = try KernelSymbols.find(names)
    } catch {
      throw BPFError("reading /proc/kallsyms", errno: error)
    }
    var addresses: [String: UInt64] = [:]
    for (name, symbols) in found {
      guard let first = symbols.first else { continue }
      if let other = symbols.first(where: { $0.address != first.address }) {
        throw BPFError(
          .relocation, "resolving extern \(name)",
          detail:
            "the kernel has two symbols of this name, at 0x\(String(first.address, radix: 16)) and 0x\(String(other.address, radix: 16))"
        )
      }
      addresses[name] = first.address
    }
    return addresses
  }

  /// Finds a function or variable by its type information; nil where the kernel and its modules have none.
  private mutating func typed(
    _ external: ExternSpec, _ type: TypeID, _ kind: BTFKind
  ) throws(BPFError) -> Resolution? {
    let name = kind == .function ? external.essentialName : external.name
    guard let found = try KernelTypes.current().find(name, kind: kind) else { return nil }
    guard try isCompatible(external, type, found) else {
      if external.isWeak, kind == .function { return .missing }
      throw BPFError(
        .relocation, "resolving extern \(external.name)", detail: "the kernel declares it with another type",
        hint: "compare with `merops btf dump kernel \(name)`")
    }
    guard let module = found.module else { return .type(found.id, descriptor: 0, index: 0) }
    if let index = descriptors.firstIndex(of: module.fd) {
      return .type(found.id, descriptor: module.fd, index: Int16(index))
    }
    // Index 0 stands for the kernel.
    if descriptors.isEmpty { descriptors.append(0) }
    guard let index = Int16(exactly: descriptors.count) else {
      throw BPFError(.relocation, "resolving extern \(external.name)", detail: "it calls into too many modules")
    }
    descriptors.append(module.fd)
    modules.append(module)
    return .type(found.id, descriptor: module.fd, index: index)
  }

  private func isCompatible(_ external: ExternSpec, _ local: TypeID, _ found: KernelTypes.Match) throws(BPFError)
    -> Bool
  {
    guard let types = spec.types else { return true }
    do {
      let target: TypeID
      switch try found.types.type(found.id) {
      case .function(let function): target = function.type
      case .variable(let variable): target = try found.types.resolved(variable.type)
      default: return false
      }
      return try CORETypes.areCompatible(types, local, found.types, target)
    } catch {
      throw BPFError(.types, "resolving extern \(external.name)", underlying: error)
    }
  }
}
