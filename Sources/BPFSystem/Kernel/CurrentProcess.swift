// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The process that this code runs in.
package enum CurrentProcess {
  package static var id: Int32 { getpid() }

  /// Whether it runs as root. In a container that is not all of the machine's privilege.
  package static var isRoot: Bool { geteuid() == 0 }

  /// An environment variable; nil when it is not set.
  package static func environment(_ variable: String) -> String? {
    getenv(variable).map { String(cString: $0) }
  }
}
