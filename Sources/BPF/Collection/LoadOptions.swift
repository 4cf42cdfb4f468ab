// SPDX-License-Identifier: Apache-2.0

/// How a collection is loaded.
public struct LoadOptions: Sendable {
  /// Types of the running kernel from a file (raw BTF, or ELF with a `.BTF` section), for kernels that have none.
  /// CO-RE relocations use them; what a program attaches to is always looked up in the kernel's own.
  public var kernelTypesPath: String?

  /// Where maps that ask for it (`LIBBPF_PIN_BY_NAME`) are pinned and found again. In a bpffs.
  public var pinDirectory = "/sys/fs/bpf"

  /// What the verifier is to log of programs that it accepts: 1 states at branches, 2 every state, 4 statistics (bits).
  /// Refusals are logged in any case.
  public var logLevel: UInt32 = 0

  /// Kernel options that are taken before the running kernel's own, in the form of /proc/config.gz.
  public var kernelConfig: String?

  /// The network device that XDP and traffic control programs are for.
  public var device: Device?

  /// What stands in for this process's own privilege.
  public var token: BPFToken?

  /// Called once with a program's name when the verifier has worked on the program for ten seconds, on another thread.
  public var verificationTakesLong: (@Sendable (String) -> Void)?

  public init() {}
}

extension LoadOptions {
  /// What loading for one network device means.
  public enum Device: Sendable, Hashable {
    /// XDP programs run on the host, and read the metadata that the device's driver has of a packet. They can be attached
    /// to this device only.
    ///
    /// - Requires: Linux 6.3
    case metadata(Interface)

    /// XDP and traffic control programs, and their maps, run on the card.
    ///
    /// - Requires: Linux 4.16, and a card that runs eBPF
    case offload(Interface)

    var interface: Interface {
      switch self {
      case .metadata(let interface), .offload(let interface): interface
      }
    }
  }
}
