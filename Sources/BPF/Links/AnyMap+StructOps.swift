// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import SystemPackage

extension AnyMap {
  /// Registers a loaded struct_ops map with the kernel. Keep the link: letting go of it takes the operations out again.
  ///
  /// - Requires: Linux 6.4, and a map from a `.struct_ops.link` section
  public func attachStructOps() throws(BPFError) -> Link {
    let place = "struct_ops \(name)"
    do {
      let link = try BPFCall.createLink(LinkCreate(program: fd, attachType: AttachType.structOps.rawValue))
      return Link(KernelLink(link, place), place: place)
    } catch {
      throw BPFError(
        "registering \(place)", errno: error, requires: KernelVersion.current < KernelVersion(6, 4) ? "6.4" : nil,
        hint: error == .fileExists ? "operations of this name are registered already" : nil)
    }
  }
}
