// SPDX-License-Identifier: Apache-2.0

/// Numbers of the kernel's interface that expressions may use by name.
enum Constants {
  static let byName: [String: UInt64] = Dictionary(
    uniqueKeysWithValues: signals.enumerated().compactMap { index, name in
      name.isEmpty ? nil : ("SIG" + name, UInt64(index))
    })

  /// By number (asm-generic/signal.h).
  private static let signals = [
    "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
    "TERM",
    "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",
    "PWR", "SYS",
  ]
}
