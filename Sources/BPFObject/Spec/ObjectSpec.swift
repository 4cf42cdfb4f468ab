// SPDX-License-Identifier: Apache-2.0

public import BTF

/// What an object file holds: programs, maps, variables, externs, types.
///
/// A plain value that is the same on every machine and every kernel; nothing here asks the running system. It may be
/// changed before it is loaded: map sizes, initial values of globals, which programs are loaded.
///
/// Objects of clang, of Swift and of `bpftool gen object` are read, little-endian or big-endian.
/// Source: libbpf 1.7, whose rules and names are followed throughout.
public struct ObjectSpec: Sendable {
  /// The object's name; its first letters start the names of the maps that hold its global variables.
  public var name: String
  /// The license that the kernel gets, such as `Dual BSD/GPL`; empty if the object has no `license` section. Some
  /// helpers are for GPL-compatible programs only.
  public var license: String
  /// The kernel version from the object's `version` section as `KERNEL_VERSION()` packs it, or 0. Kernels from 5.0 on
  /// do not look at it.
  public var kernelVersion: UInt32
  /// All programs in libbpf's order: by section, then by position. Subprograms are not among them.
  public var programs: [ProgramSpec]
  /// All maps in libbpf's order: those that the source defines, as in the object's `.maps` type; then those that hold
  /// its global variables (`.data*`, `.rodata*`, `.bss*`) by section; then `.kconfig`; then struct_ops maps.
  ///
  /// Programs refer to maps by position in this array: elements may be changed but not moved.
  public var maps: [MapSpec]
  /// All externs in libbpf's order: kernel configuration in the order of its layout, then kernel symbols by name.
  ///
  /// Programs refer to externs by position in this array.
  public var externs: [ExternSpec]
  /// The object's own BTF, made fit to be loaded: section sizes and variable offsets filled in, externs turned into
  /// variables, hidden functions and variables made static. All ids are those of the object file.
  public var types: BTFTypes?
  /// Whether the object is for a big-endian machine. Instructions are in native order in any case; contents of maps are
  /// as in the file.
  public var isBigEndian: Bool

  /// The program with this name, or nil.
  public subscript(program name: String) -> ProgramSpec? {
    programs.first { $0.name == name }
  }

  /// The map with this name, or nil. Maps for global variables are also found by their section's name, as `.rodata`.
  public subscript(map name: String) -> MapSpec? {
    mapIndex(named: name).map { maps[$0] }
  }

  /// The position in ``maps`` of the map with this name (or section name), or nil.
  public func mapIndex(named name: String) -> Int? {
    maps.firstIndex { $0.name == name } ?? maps.firstIndex { $0.sectionName == name && $0.section.isData }
  }

  /// The position in ``programs`` of the program with this name, or nil.
  public func programIndex(named name: String) -> Int? {
    programs.firstIndex { $0.name == name }
  }
}
