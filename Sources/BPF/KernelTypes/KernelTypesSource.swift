// SPDX-License-Identifier: Apache-2.0

import BPFELF
import BPFSystem
import BTF
import Glibc
import SystemPackage

/// Where a kernel's types are read from.
enum KernelTypesSource {
  /// The running kernel's: its own file, the kernel's BTF object, or the image that the distribution installed.
  static func running() throws(BPFError) -> (BTFTypes, String) {
    let path = "/sys/kernel/btf/vmlinux"
    if access(path, R_OK) == 0 { return (try file(path), path) }
    if let bytes = try fromKernel() {
      return (
        try parse("the kernel's types") { () throws(BTFError) in try BTFTypes(bytes: bytes) }, "vmlinux BTF object"
      )
    }
    var name = utsname()
    uname(&name)
    let release = withUnsafeBytes(of: name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    for image in [
      "/boot/vmlinux-\(release)", "/lib/modules/\(release)/vmlinux-\(release)", "/lib/modules/\(release)/build/vmlinux",
      "/usr/lib/modules/\(release)/kernel/vmlinux", "/usr/lib/debug/boot/vmlinux-\(release)",
      "/usr/lib/debug/lib/modules/\(release)/vmlinux",
    ] where access(image, R_OK) == 0 {
      if let types = try? file(image) { return (types, image) }
    }
    throw BPFError(
      .types, "reading the kernel's types", detail: "there is no \(path)",
      hint: "use a kernel built with CONFIG_DEBUG_INFO_BTF=y, or give the path of a BTF file made for this kernel")
  }

  /// The types in a file: raw BTF, or an ELF file that has a `.BTF` section.
  static func file(_ path: String, base: BTFTypes? = nil) throws(BPFError) -> BTFTypes {
    let image: FileContents
    do {
      image = try FileContents(path: path, ifStartingWith: BTFTypes.magics + [ELFFile.magic])
    } catch {
      throw BPFError("reading types from \(path)", errno: error)
    }
    if BTFTypes.magics.contains(where: { image.bytes.starts(with: $0) }) {
      return try parse(path) { () throws(BTFError) in try BTFTypes(mapped: image.bytes, owner: image, base: base) }
    }
    guard image.bytes.starts(with: ELFFile.magic) else {
      throw BPFError(.types, "reading types from \(path)", detail: "it is neither BTF nor an ELF file")
    }
    do {
      let elf = try ELFFile(bytes: Array(image.bytes))
      guard let section = elf.section(named: ".BTF") else {
        throw BPFError(.types, "reading types from \(path)", detail: "it has no .BTF section")
      }
      return try BTFTypes(bytes: Array(elf.bytes(of: section)), base: base)
    } catch let error as BPFError {
      throw error
    } catch {
      throw BPFError(.types, "reading types from \(path)", underlying: error)
    }
  }

  private static func parse(_ place: String, _ body: () throws(BTFError) -> BTFTypes) throws(BPFError) -> BTFTypes {
    do {
      return try body()
    } catch {
      throw BPFError(.types, "reading types from \(place)", underlying: error)
    }
  }

  /// The blob of the BTF object that the kernel calls "vmlinux"; nil where it has none or does not let us see.
  private static func fromKernel() throws(BPFError) -> [UInt8]? {
    do {
      var id: UInt32 = 0
      while let next = try BPFCall.nextID(.btf, after: id) {
        id = next
        guard let descriptor = try? BPFCall.openByID(.btf, id) else { continue }
        let info = try BPFCall.btfInformation(fd: descriptor.rawValue)
        if info.isKernel, info.name == "vmlinux" { return try BPFCall.btfBytes(fd: descriptor.rawValue) }
      }
    } catch {
      return nil
    }
    return nil
  }
}
