// SPDX-License-Identifier: Apache-2.0

import BPFSystem
import BTF
import SystemPackage

/// The BTF objects of kernel modules that have been seen. Ids are never used twice, so what was once read stays right.
struct ModuleCache {
  private var modules: [UInt32: KernelTypes.Module] = [:]
  /// Ids of BTF that is the kernel's own or a program's.
  private var others: Set<UInt32> = []

  /// The modules that are loaded now; reads those that are new.
  mutating func update(base: BTFTypes) throws(BPFError) -> [KernelTypes.Module] {
    var current: [KernelTypes.Module] = []
    var seen: Set<UInt32> = []
    var id: UInt32 = 0
    while true {
      do {
        guard let next = try BPFCall.nextID(.btf, after: id) else { break }
        id = next
      } catch {
        // Without CAP_SYS_ADMIN modules cannot be listed; the kernel's own types are all there is then.
        if error == .notPermitted || error == .permissionDenied { return [] }
        throw BPFError("listing the types of modules", errno: error)
      }
      seen.insert(id)
      if others.contains(id) { continue }
      if let module = modules[id] {
        current.append(module)
        continue
      }
      guard let module = try Self.read(id, base: base) else {
        others.insert(id)
        continue
      }
      modules[id] = module
      current.append(module)
    }
    modules = modules.filter { seen.contains($0.key) }
    others.formIntersection(seen)
    return current
  }

  /// Reads a BTF object if it is a module's. It may have gone away meanwhile.
  private static func read(_ id: UInt32, base: BTFTypes) throws(BPFError) -> KernelTypes.Module? {
    do {
      let descriptor = try BPFCall.openByID(.btf, id)
      let info = try BPFCall.btfInformation(fd: descriptor.rawValue)
      guard info.isKernel, info.name != "vmlinux" else { return nil }
      let bytes = try BPFCall.btfBytes(fd: descriptor.rawValue)
      let types: BTFTypes
      do {
        types = try BTFTypes(bytes: bytes, base: base)
      } catch {
        throw BPFError(.types, "reading the types of module \(info.name)", underlying: error)
      }
      return KernelTypes.Module(name: info.name, id: id, types: types, descriptor: descriptor)
    } catch let error as Errno {
      if error == .noSuchFileOrDirectory { return nil }
      throw BPFError("reading BTF object \(id)", errno: error)
    } catch let error as BPFError {
      throw error
    } catch {
      throw BPFError(.types, "reading BTF object \(id)", underlying: error)
    }
  }
}
