// SPDX-License-Identifier: Apache-2.0

import BPFELF
import BPFSystem
import SystemPackage

/// Where the probes of a file are in the memory of processes, for kernels before 5.15: a program that has no cookie finds
/// its arguments by the address that it runs at.
struct USDTAddresses {
  private let place: String
  /// Where the process has the file's code; nil for a file that is at its own addresses everywhere.
  private let mappings: [ProcessMapping]?

  init(_ file: ExecutableFile, processID: Int32?, _ place: String) throws(BPFError) {
    self.place = place
    guard file.elf.fileType == .shared else {
      mappings = nil
      return
    }
    guard let processID else {
      throw BPFError(
        .unsupported, "attaching to \(place)", detail: "each process loads this file at its own addresses",
        requires: "5.15",
        hint: "name the process, or link the program with -no-pie")
    }
    do {
      let path = ProcessMapping.path(of: file.path, in: processID)
      mappings = try ProcessMapping.all(of: processID).filter { $0.isExecutable && $0.path == path }
    } catch {
      throw BPFError(
        "attaching to \(place)", errno: error, detail: "the memory map of process \(processID) cannot be read")
    }
  }

  /// The address that a probe runs at.
  func address(of note: USDTNote, fileOffset: UInt64) throws(BPFError) -> UInt64 {
    guard let mappings else { return note.address }
    guard let address = mappings.lazy.compactMap({ $0.address(ofFileOffset: fileOffset) }).first else {
      throw BPFError(.notFound, "attaching to \(place)", detail: "the process has not loaded the file")
    }
    return address
  }
}
