// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The process that this code runs in.
public enum CurrentProcess {
  public static var id: Int32 { getpid() }

  /// An environment variable; nil when it is not set.
  public static func environment(_ variable: String) -> String? {
    getenv(variable).map { String(cString: $0) }
  }
}
