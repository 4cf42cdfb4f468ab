// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
public import BTF
import Glibc
import SystemPackage

extension AnyMap {
  /// Creates a map.
  ///
  /// Type information and the name are given up, in this order, where the kernel refuses the map with them, as libbpf
  /// does. The size of a ring is rounded up to a power of two of pages; a perf event array of no size gets one element
  /// for each possible CPU.
  ///
  /// - Parameters:
  ///   - parameters: kind, sizes, flags, name.
  ///   - types: what keys and values mean.
  ///   - btf: a descriptor of the loaded BTF object that `types` has its ids from; nil keeps `types` on this side only.
  ///   - inner: for maps of maps, a map that all inner maps must be like.
  ///   - structOps: for struct_ops, the kernel's type of the value, and its module's BTF if it is a module's.
  ///   - token: a BPF token's descriptor.
  /// - Throws: `unsupported` with the first kernel that has this kind of map, `invalid`, `permission`.
  public convenience init(
    creating parameters: MapParameters, types: MapTypes? = nil, btf: CInt? = nil, inner: AnyMap? = nil,
    structOps: (valueType: TypeID, moduleBTF: CInt?)? = nil, token: CInt? = nil
  ) throws(BPFError) {
    var request = try Self.request(parameters, types: types, btf: btf, inner: inner, token: token)
    if let structOps {
      request.btfFD = btf
      request.kernelValueTypeID = structOps.valueType.rawValue
      request.valueTypeBTFFD = structOps.moduleBTF
    }
    let descriptor = try Self.create(request, parameters)
    try self.init(owning: descriptor, name: parameters.name.isEmpty ? nil : parameters.name, types: types)
  }

  private static func request(
    _ parameters: MapParameters, types: MapTypes?, btf: CInt?, inner: AnyMap?, token: CInt?
  ) throws(BPFError) -> MapCreate {
    let maxEntries = try parameters.effectiveMaxEntries()
    func field(_ value: Int, _ what: String) throws(BPFError) -> UInt32 {
      guard let field = UInt32(exactly: value) else {
        throw BPFError(.invalid, "creating map \(parameters.name)", detail: "\(what) cannot be \(value)")
      }
      return field
    }
    var request = MapCreate(
      type: parameters.type.rawValue, keySize: try field(parameters.keySize, "the key size"),
      valueSize: try field(parameters.valueSize, "the value size"),
      maxEntries: try field(maxEntries, "the number of entries"), flags: parameters.flags.rawValue,
      name: parameters.name)
    request.innerMapFD = inner?.fd
    request.numaNode = try field(parameters.numaNode, "the NUMA node")
    request.interfaceIndex = parameters.interfaceIndex
    request.extra = parameters.extra
    request.exclusiveProgramHash = parameters.exclusiveProgramHash
    request.tokenFD = token
    if let types, let btf, !parameters.type.refusesTypes {
      request.btfFD = btf
      request.keyTypeID = types.key.rawValue
      request.valueTypeID = types.value.rawValue
    }
    return request
  }

  /// Creates with all that is asked for, then with less of what only serves people.
  static func create(_ request: MapCreate, _ parameters: MapParameters) throws(BPFError) -> Descriptor {
    var request = request
    var raisedLimit = false
    while true {
      do {
        return try BPFCall.createMap(request)
      } catch {
        if error == .notPermitted, !raisedLimit {
          // Before 5.11 a map's memory counts against RLIMIT_MEMLOCK, and EPERM is what exceeding it gives.
          raisedLimit = true
          if KernelRelease.current < KernelRelease(5, 11), (try? Memlock.raise()) != nil { continue }
        }
        if request.btfFD != nil, request.kernelValueTypeID == 0 {
          request.btfFD = nil
          request.keyTypeID = 0
          request.valueTypeID = 0
        } else if error == .invalidArgument, !request.name.isEmpty {
          request.name = ""
        } else {
          throw creationFailure(parameters, error)
        }
      }
    }
  }

  private static func creationFailure(_ parameters: MapParameters, _ errno: Errno) -> BPFError {
    let name = parameters.name.isEmpty ? "" : " \(parameters.name)"
    let context = "creating \(parameters.type) map\(name)"
    if errno == .invalidArgument, let needed = parameters.type.minimumKernel, !Features.isRunning(needed) {
      return BPFError(.unsupported, context, errno: errno, requires: "\(needed)")
    }
    let sizes =
      "key size \(parameters.keySize), value size \(parameters.valueSize), \(parameters.maxEntries) entries, "
      + "flags 0x\(String(parameters.flags.rawValue, radix: 16))"
    return BPFError(
      context, errno: errno, detail: errno == .invalidArgument ? "the kernel refuses \(sizes)" : nil,
      hint: errno == .argListTooLong ? "make it smaller: the kernel limits a map's and a value's bytes" : nil)
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
