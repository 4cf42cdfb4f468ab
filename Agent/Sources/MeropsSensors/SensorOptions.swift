// SPDX-License-Identifier: Apache-2.0
public import MeropsModel

/// What the sensors watch, and with how much memory.
public struct SensorOptions: Sendable {
  /// The size of the ring that all CPUs write to, in bytes: a power of two of at least 4,096.
  public var ringBytes = 8 << 20

  /// How many events a batch has at most.
  public var batchLimit = 4096

  /// The names of environment variables that events of processes have, such as `LD_PRELOAD`. Others never leave the
  /// sensors: they may be secrets. Empty: the kernel's program does not read the environment.
  public var environmentNames: [String] = []

  /// The classes of events that are watched; processes always are.
  public var classes = Set(EventClass.allCases)

  /// Whether the kernel counts the runs of programs and their time while the sensors live (``Sensors/costs()``). Each run of
  /// each program on the machine then takes two clock reads more.
  public var countsRunTime = false

  /// The newest event that is known: ids go on behind it, also where the clock was set back.
  public var newestID: EventID?

  public var files = FileOptions()
  public var network = NetworkOptions()
  public var containers = ContainerOptions()

  public init() {}
}

/// Where runtimes keep the files that name a container's image and root file system. Each is read once, when the container's
/// cgroup appears; only root's files are believed.
public struct ContainerOptions: Sendable {
  /// State directories of containerd; the second and the third one are those of k3s and of MicroK8s.
  public var containerdStates = [
    "/run/containerd", "/run/k3s/containerd", "/var/snap/microk8s/common/run/containerd",
  ]

  /// Data directories of Docker.
  public var dockerRoots = ["/var/lib/docker"]

  /// Storage directories of podman and CRI-O.
  public var storageRoots = ["/var/lib/containers/storage", "/run/containers/storage"]

  public init() {}
}

/// What is left out of the events about files, by the programs in the kernel: it costs next to nothing then, and is
/// counted as filtered.
public struct FileOptions: Sendable {
  /// Directories; what is opened below them is left out. They are known by their inodes, under whatever path.
  public var ignoredDirectories = ["/proc", "/sys", "/dev"]

  /// Processes that are left out. The sensors' own always is.
  public var ignoredProcesses: Set<UInt32> = []

  /// The time in which the same open (process, file, flags) is counted only: see `file.repeats`. Zero to report all.
  public var repeatTime: Duration = .seconds(60)

  /// How many opens a second, and how many other acts, are reported on each CPU at most; more are counted as filtered. Zero
  /// for all.
  public var rateLimit = 0

  /// Whether opens of files that are not there (ENOENT) are reported: where programs look for their libraries, mostly.
  public var withMissingFiles = false

  public init() {}
}

/// What is left out of the events about the network, by the programs in the kernel.
public struct NetworkOptions: Sendable {
  /// Whether what stays on this machine is left out, and counted as filtered: what goes to 127.0.0.0/8 or to ::1.
  public var ignoresLoopback = false

  /// Whether connects to unix sockets are reported. There are many of them on most machines.
  public var watchesUnixSockets = false

  /// How many TCP connections the kernel remembers the process of; those of more are counted as lost. Each takes about a
  /// hundred bytes of the kernel's memory.
  public var connections = 65536

  /// How many UDP flows the kernel counts at a time; packets of more are counted as lost.
  public var flows = 16384

  public init() {}
}
