// SPDX-License-Identifier: Apache-2.0
import BPF
import CMeter

/// Opens BTF and finds one structure.
func findType(in path: String, named name: String, watching: Bool) throws {
  while meter_next() {
    if watching { meter_start_watching() } else { meter_start() }
    let types = try KernelTypes.load(path: path)
    let id = types.vmlinux.id(named: name, kind: .structure)
    meter_stop()
    require(id != nil, "there is no \(name)")
    meter_report(1)
  }
}

/// Opens, relocates and loads an object.
func load(_ path: String) throws {
  while meter_next() {
    meter_start()
    let collection = try BPFCollection(path: path)
    try collection.load()
    meter_stop()
    collection.close()
    meter_report(1)
  }
}
