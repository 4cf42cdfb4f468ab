// SPDX-License-Identifier: Apache-2.0

public import BTF

/// What a probe needs to read the kernel's structures: three texts that are compiled with it.
public struct GeneratedTypes: Hashable, Sendable {
  /// Compiled together with the probe.
  public var swift: String
  /// Imported by it, as a module of the name that was asked for.
  public var header: String
  /// Compiled for BPF by clang, with `-g -O2`, and linked into the probe.
  public var c: String
  /// The structures of operations that the probe registers.
  var tables: [OperationsTable] = []

  public init(swift: String = "", header: String = "", c: String = "") {
    self.swift = swift
    self.header = header
    self.c = c
  }

  public var isEmpty: Bool { swift.isEmpty }
}

/// Makes Swift views of the kernel types that a probe names, and of no others.
///
/// Nothing is declared in the probe: each word that is the name of a struct, union, enumeration or enumerator of the
/// kernel is taken for one, and each word after a dot for a field. A type that is reached through such a field is
/// added. Fields are read by functions in C, because clang makes CO-RE records for C only; they are inlined when
/// linked.
public enum KernelTypeGenerator {
  /// The name of the module that the Swift text imports, unless another is asked for.
  public static let defaultModule = "CProbeTypes"

  /// Makes the texts for a probe. They are empty if it names no kernel type.
  ///
  /// - Parameters:
  ///   - sources: the probe's Swift sources, which are compiled as one module.
  ///   - kernel: the types of a kernel that has all that the probe names. Which one does not show in the object.
  ///   - modules: the types of its modules, each based on `kernel`. A probe can name those of one.
  ///   - reserved: names of types and functions that the probe gets from elsewhere.
  ///   - module: the name by which the Swift text imports the header.
  /// - Throws: `KernelTypesError` for contexts that the kernel does not have, with their place, and for broken BTF.
  public static func generate(
    sources: [String], kernel: BTFTypes?, modules: [BTFTypes] = [], reserved: Set<String> = [],
    module: String = defaultModule
  ) throws(KernelTypesError) -> GeneratedTypes {
    let names = ProbeNames(sources)
    guard let kernel else {
      if let (path, place) = names.firstContext() {
        throw KernelTypesError(
          place,
          "\(path.joined(separator: ".")) is described by the kernel's BTF, and there is none: a kernel with "
            + "CONFIG_DEBUG_INFO_BTF has it, or `merops build --btf FILE` names that of another")
      }
      return GeneratedTypes()
    }
    let types = names.types(of: kernel, modules: modules, reserved: reserved)
    var collector = TypeCollector(names: names, kernel: KernelReader(types), reserved: reserved)
    do {
      try collector.collect()
    } catch let error as KernelTypesError {
      throw error
    } catch {
      throw KernelTypesError(nil, "reading the kernel's types: \(error)")
    }
    return GeneratedText(collector.result, module: module).texts
  }
}

/// Why the kernel types of a probe could not be made.
public struct KernelTypesError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Index of the source, if the fault lies in one.
  public var source: Int?
  /// Counted from 1; 0 without a source.
  public var line: Int
  /// In bytes, counted from 1; 0 without a source.
  public var column: Int
  public var message: String

  init(_ place: ProbeNames.Place?, _ message: String) {
    source = place?.source
    line = place?.line ?? 0
    column = place?.column ?? 0
    self.message = message
  }

  public var description: String { source == nil ? message : "\(line):\(column): \(message)" }
}
