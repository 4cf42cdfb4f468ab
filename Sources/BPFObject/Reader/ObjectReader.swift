// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFELF
import BTF

extension ObjectSpec {
  /// What an object file starts with.
  public static var magic: [UInt8] { ELFFile.magic }

  /// Reads an object file.
  ///
  /// - Parameters:
  ///   - bytes: the whole file: an ELF64 relocatable object for eBPF, in either byte order.
  ///   - name: what the object is called, by custom the file's name up to its first dot. Its first eight letters start
  ///     the names of the maps that hold its global variables.
  /// - Throws: ``ObjectError`` naming the program, map, variable or relocation that cannot be understood.
  /// - Complexity: linear in the size of the file, apart from sorting.
  public init(bytes: [UInt8], name: String = "") throws(ObjectError) {
    let reader = try ObjectReader(bytes: bytes, name: name)
    try reader.read()
    self.name = name
    self.license = reader.license
    self.kernelVersion = reader.kernelVersion
    self.programs = reader.programs
    self.maps = reader.maps
    self.externs = reader.externs
    self.types = reader.types
    self.isBigEndian = reader.file.isBigEndian
  }
}

/// Reads an object in the order of `bpf_object_open()`: externs, types, maps, programs, relocations.
///
/// A class only so that its state is not copied when closures look at it; it lives as long as one initialiser.
final class ObjectReader {
  let file: ELFFile
  let name: String
  /// By section index.
  let roles: [SectionRole]
  /// By role, in file order.
  private let sectionIndexes: [SectionRole: [Int]]
  /// The object's BTF; fixed up by ``fixTypes()``.
  var types: BTFTypes?
  /// The named declarations of ``types``.
  var declarations = TypeDeclarations()

  var license = ""
  var kernelVersion: UInt32 = 0
  var externs: [ExternSpec] = []
  /// Index in ``externs`` by symbol index.
  var externIndexes: [Int: Int] = [:]
  var maps: [MapSpec] = []
  /// Maps that the source defines, by the place of their definition.
  var definedMaps: [Place: Int] = [:]
  /// Where the `values` of each map of `.maps` are in its definition, by map index.
  var valuesOffsets: [Int?] = []
  /// Maps that hold the variables of a section, by section index; for arenas, the arena.
  var dataMaps: [Int: Int] = [:]
  var kconfigMap: Int?
  var functions: [CodeFunction] = []
  var code: [Int: [Instruction]] = [:]
  var jumpTables: [UInt64] = []
  var programs: [ProgramSpec] = []

  /// How many bytes of names may still be kept. Hostile BTF can have many things share one long name, which no compiler
  /// does; without a bound a small file could take gigabytes.
  private var nameBudget: Int

  /// A byte of a section.
  struct Place: Hashable {
    var section: Int
    var offset: UInt64
  }

  init(bytes: [UInt8], name: String) throws(ObjectError) {
    do throws(ELFError) {
      file = try ELFFile(bytes: bytes)
    } catch {
      throw ObjectError(.malformedFile, "", "\(error)")
    }
    guard file.fileType == .relocatable, file.machine == .bpf || file.machine == .none else {
      throw ObjectError(
        .unsupported, "",
        "this is \(file.fileType) for \(file.machine), not an eBPF object; compile it with `clang -target bpf -c`")
    }
    guard file.symbolTableIndex != nil else {
      throw ObjectError(
        .malformedFile, "",
        "the object has no symbol table, which holds the names of its programs: strip it with `llvm-strip -g`")
    }
    self.name = name
    nameBudget = 4 * bytes.count + 65536
    let roles = file.sections.map(SectionRole.init)
    self.roles = roles
    sectionIndexes = Dictionary(grouping: roles.indices, by: { roles[$0] })
  }

  func read() throws(ObjectError) {
    try readLicenseAndVersion()
    try readTypes()
    try readExterns()
    try fixTypes()
    try readDefinedMaps()
    try readArena()
    try readLegacyMaps()
    try readDataMaps()
    addKconfigMap()
    try readStructOps()
    try readFunctions()
    try readSlots()
    try readCodeRelocations()
    try makePrograms()
    try readOperations()
  }

  /// The sections with a role, in file order.
  func sections(_ role: SectionRole) -> [ELFFile.Section] {
    guard let indexes = sectionIndexes[role] else { return [] }
    return indexes.map { file.sections[$0] }
  }

  /// Accounts for a name that is kept.
  func keep(_ name: String) throws(ObjectError) {
    nameBudget -= name.utf8.count
    guard nameBudget >= 0 else {
      throw ObjectError(.malformedTypes, ".BTF", "names overlap so much that they exceed the object")
    }
  }

  /// The relocations of a section.
  func relocations(for section: ELFFile.Section) throws(ObjectError) -> [ELFFile.Relocation] {
    do throws(ELFError) {
      return try file.relocations(for: section)
    } catch {
      throw ObjectError(.malformedFile, "section \(section.name)", "\(error)")
    }
  }

  /// The symbols that are defined in sections with a role, by section index.
  func symbols(in role: (SectionRole) -> Bool) -> [Int: [ELFFile.Symbol]] {
    var result: [Int: [ELFFile.Symbol]] = [:]
    for symbol in file.symbols {
      guard case .section(let section) = symbol.placement, role(roles[section]) else { continue }
      result[section, default: []].append(symbol)
    }
    return result
  }

  /// How errors call a symbol.
  func label(_ symbol: ELFFile.Symbol) -> String {
    if !symbol.name.isEmpty { return symbol.name }
    return file.section(of: symbol).map { "section \($0.name)" } ?? "symbol \(symbol.index)"
  }

  private func readLicenseAndVersion() throws(ObjectError) {
    for section in sections(.license) {
      license = String(decoding: file.bytes(of: section).prefix { $0 != 0 }, as: UTF8.self)
    }
    for section in sections(.version) {
      let bytes = file.bytes(of: section)
      guard bytes.count == 4 else {
        throw ObjectError(.malformedFile, "section version", "it has \(bytes.count) bytes instead of 4")
      }
      let order = file.isBigEndian ? Array(bytes) : bytes.reversed()
      kernelVersion = order.reduce(0) { $0 << 8 | UInt32($1) }
    }
  }

  private func readTypes() throws(ObjectError) {
    guard let section = sections(.types).last else { return }
    let bytes = Array(file.bytes(of: section))
    try withTypes(".BTF") { () throws(BTFError) in
      let types = try BTFTypes(bytes: bytes)
      declarations = try TypeDeclarations(types, limit: 4 * bytes.count + 65536)
      self.types = types
    }
  }
}

/// Runs a closure that reads types, and adds the place to its error.
func withTypes<Result>(
  _ context: String, _ body: () throws(BTFError) -> Result
) throws(ObjectError) -> Result {
  do throws(BTFError) {
    return try body()
  } catch {
    throw ObjectError(.malformedTypes, context, "\(error)")
  }
}
