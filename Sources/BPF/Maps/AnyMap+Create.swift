// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
import BTF
import Glibc
import SystemPackage

extension AnyMap {
  /// Creates a map.
  ///
  /// The size of a ring is rounded up to a power of two of pages; a perf event array of no size gets one entry for each
  /// possible CPU.
  ///
  /// - Parameters:
  ///   - parameters: map type, sizes, flags, name.
  ///   - types: what keys and values mean to this process.
  ///   - inner: for maps of maps, a map that all inner maps must be like.
  ///   - token: what stands in for this process's own privilege.
  /// - Throws: `unsupported` with the first kernel that has this map type, `invalid`, `permission`.
  public convenience init(
    creating parameters: MapParameters, types: MapTypes? = nil, inner: AnyMap? = nil, token: BPFToken? = nil
  ) throws(BPFError) {
    try self.init(creating: parameters, types: types, btf: nil, inner: inner, token: token?.fd)
  }

  /// Creates a map whose types the kernel knows.
  ///
  /// - Parameter btf: a descriptor of the loaded BTF object that `types` has its ids from.
  convenience init(
    creating parameters: MapParameters, types: MapTypes?, btf: CInt?, inner: AnyMap? = nil, token: CInt? = nil
  ) throws(BPFError) {
    var creation = try MapCreation(parameters, types: types, btf: btf, inner: inner, token: token)
    try self.init(owning: try creation.descriptor(), name: creation.name, types: types)
  }

  /// The size in bytes that the kernel takes for a ring of at least `bytes`: a power of two of pages.
  ///
  /// Source: kernel/bpf/ringbuf.c (ringbuf_map_alloc).
  static func ringSize(_ bytes: Int) -> Int {
    let page = Int(getpagesize())
    guard bytes > 0, bytes <= 1 << 31 else { return bytes }
    var size = page
    while size < bytes { size *= 2 }
    return size
  }
}

/// One map, about to be created.
struct MapCreation {
  /// The whole name; nil for a map without one.
  let name: String?
  private let parameters: MapParameters
  private let types: MapTypes?
  private var request: MapCreate

  /// Why the kernel refused the map with its types; nil where it took them.
  private(set) var typesRefusal: Errno?

  /// - Parameters:
  ///   - types: what keys and values mean; for struct_ops, the kernel's type of the value.
  ///   - btf: the BTF object that `types` has its ids from; for struct_ops, the object's own.
  ///   - kernelValueModule: for struct_ops, the module that the value's type is in; nil for the kernel itself.
  init(
    _ parameters: MapParameters, types: MapTypes? = nil, btf: CInt? = nil, inner: AnyMap? = nil,
    kernelValueModule: KernelTypes.Module? = nil, token: CInt? = nil
  ) throws(BPFError) {
    func field(_ value: Int, _ what: String) throws(BPFError) -> UInt32 {
      guard let field = UInt32(exactly: value) else {
        throw BPFError(.invalid, "creating map \(parameters.name)", detail: "\(what) cannot be \(value)")
      }
      return field
    }
    name = parameters.name.isEmpty ? nil : parameters.name
    self.parameters = parameters
    self.types = types
    request = MapCreate(
      type: parameters.type.rawValue, keySize: try field(parameters.keySize, "the key size"),
      valueSize: try field(parameters.valueSize, "the value size"),
      maxEntries: try field(try parameters.effectiveMaxEntries(), "the number of entries"),
      flags: parameters.flags.rawValue, name: parameters.name)
    request.innerMapFD = inner?.fd
    request.numaNode = try field(parameters.numaNode, "the NUMA node")
    request.interfaceIndex = parameters.interfaceIndex
    request.extra = parameters.extra
    request.exclusiveProgramHash = parameters.exclusiveProgramHash
    request.tokenFD = token
    if parameters.type == .structOps {
      request.btfFD = btf
      request.kernelValueTypeID = types?.value.rawValue ?? 0
      request.valueTypeBTFFD = kernelValueModule?.fd
    } else if let types, let btf, !parameters.type.refusesTypes {
      request.btfFD = btf
      request.keyTypeID = types.key.rawValue
      request.valueTypeID = types.value.rawValue
    }
    if parameters.type.isMapOfMaps, inner == nil {
      throw BPFError(
        .object, context, detail: "map \(parameters.name) has no inner map",
        hint: "declare `__array(values, ...)` in C, `MapOfMaps` in Swift, or set the inner map before the load")
    }
  }

  private var context: String {
    "creating \(parameters.type) map\(parameters.name.isEmpty ? "" : " \(parameters.name)")"
  }

  /// Creates the map; where the kernel refuses its types, without them, as libbpf does.
  mutating func map() throws(BPFError) -> AnyMap {
    try AnyMap(owning: try descriptor(), name: name, types: types)
  }

  mutating func descriptor() throws(BPFError) -> Descriptor {
    var hasRaisedLimit = KernelVersion.current >= KernelVersion(5, 11)
    while true {
      do {
        return try BPFCall.createMap(request)
      } catch {
        if error == .notPermitted, !hasRaisedLimit {
          // Before 5.11 a map's memory counts against RLIMIT_MEMLOCK, and EPERM is what exceeding it gives.
          hasRaisedLimit = true
          if (try? Memlock.raise()) != nil { continue }
        }
        guard request.btfFD != nil, request.kernelValueTypeID == 0 else { throw failure(error) }
        typesRefusal = error
        request.btfFD = nil
        request.keyTypeID = 0
        request.valueTypeID = 0
      }
    }
  }

  private func failure(_ errno: Errno) -> BPFError {
    if errno == .invalidArgument, let needed = parameters.type.minimumKernel, !Features.isRunning(needed) {
      return BPFError(.unsupported, context, errno: errno, requires: "\(needed)")
    }
    if errno == .invalidArgument, parameters.flags.contains(.link), !Features.isRunning(KernelVersion(6, 4)) {
      return BPFError(.unsupported, context, errno: errno, requires: "6.4")
    }
    let (detail, hint) = cause(errno)
    let code = errno == .argListTooLong ? BPFError.Code.invalid : .init(errno)
    return BPFError(code, context, errno: errno, detail: detail, hint: hint)
  }

  /// What is wrong with the parameters, where that can be told from them.
  private func cause(_ errno: Errno) -> (detail: String?, hint: String?) {
    let sizes =
      "\(parameters.maxEntries) entries with keys of \(parameters.keySize) and values of \(parameters.valueSize) bytes"
    switch errno {
    case .argListTooLong:
      return ("\(sizes) exceed what the kernel allows for one map", "reduce the number of entries or the value's size")
    case .invalidArgument where parameters.maxEntries == 0 && !parameters.type.hasNoSize:
      return (
        "the map has no size: its definition leaves max_entries to the loader",
        "set max_entries in the definition, or call setMaxEntries before the load"
      )
    case .invalidArgument where parameters.type.isKeyless && parameters.keySize != 0:
      return ("a \(parameters.type) map has no keys, but its key size is \(parameters.keySize)", nil)
    case .invalidArgument where !parameters.type.isKeyless && parameters.keySize == 0 && parameters.type != .structOps:
      return ("the map's definition has no key type or key size", nil)
    case .invalidArgument:
      return (
        "the kernel rejects \(sizes) and flags 0x\(String(parameters.flags.rawValue, radix: 16))", nil
      )
    default: return (nil, nil)
    }
  }
}

extension MapType {
  /// Map types whose entries belong to other objects (sockets, tasks, cgroups), so that the map has no size of its own.
  fileprivate var hasNoSize: Bool {
    [
      .skStorage, .inodeStorage, .taskStorage, .cgrpStorage, .cgroupStorage, .perCPUCgroupStorage, .perfEventArray,
    ].contains(self)
  }
}
