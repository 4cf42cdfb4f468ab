// SPDX-License-Identifier: Apache-2.0

/// Flags of `BPF_PROG_LOAD`.
public struct ProgramFlags: OptionSet, Hashable, Sendable {
  public var rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// `BPF_F_STRICT_ALIGNMENT`: the verifier rejects unaligned accesses on every machine.
  public static let strictAlignment = ProgramFlags(rawValue: 1 << 0)
  /// `BPF_F_ANY_ALIGNMENT`: the verifier accepts unaligned accesses on every machine, even where they trap.
  /// - Requires: Linux 5.0
  public static let anyAlignment = ProgramFlags(rawValue: 1 << 1)
  /// `BPF_F_TEST_RND_HI32`: for tests of the verifier.
  public static let testRandomHighHalf = ProgramFlags(rawValue: 1 << 2)
  /// `BPF_F_TEST_STATE_FREQ`: for tests of the verifier.
  public static let testStateFrequency = ProgramFlags(rawValue: 1 << 3)
  /// `BPF_F_SLEEPABLE`: the program may sleep, as when it reads user memory.
  /// - Requires: Linux 5.10
  public static let sleepable = ProgramFlags(rawValue: 1 << 4)
  /// `BPF_F_XDP_HAS_FRAGS`: the program handles packets in several fragments.
  /// - Requires: Linux 5.18
  public static let xdpFragments = ProgramFlags(rawValue: 1 << 5)
  /// `BPF_F_XDP_DEV_BOUND_ONLY`: bound to one device, whose metadata it may read.
  /// - Requires: Linux 6.3
  public static let xdpDeviceBound = ProgramFlags(rawValue: 1 << 6)
  /// `BPF_F_TEST_REG_INVARIANTS`: for tests of the verifier.
  public static let testRegisterInvariants = ProgramFlags(rawValue: 1 << 7)
  /// `BPF_F_TOKEN_FD`: loaded with a BPF token.
  /// - Requires: Linux 6.9
  public static let token = ProgramFlags(rawValue: 1 << 16)
}
