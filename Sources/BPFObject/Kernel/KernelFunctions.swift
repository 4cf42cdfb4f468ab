// SPDX-License-Identifier: Apache-2.0

package import BPFValues

/// Functions of the kernel that programs call by their type (kfuncs). Unlike helpers they may change or go away.
package enum KernelFunctions {
  /// The first kernel that has a function; nil for one that Merops does not know, such as a module's own.
  package static func minimumKernel(of name: String) -> KernelVersion? {
    releases.first { $0.names.contains(name) }?.since
  }
}
