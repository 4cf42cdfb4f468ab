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

  /// What in arguments and environment variables is a secret: the sensors replace it before anybody has the event.
  public var redactions: [RedactionPattern] = []

  /// The classes of events that are watched; processes always are.
  public var classes = Set(EventClass.allCases)

  /// Whether the kernel counts the runs of programs and their time while the sensors live (``Sensors/costs()``). Each run of
  /// each program on the machine then takes two clock reads more.
  public var countsRunTime = false

  /// The newest event that is known: ids go on behind it, also where the clock was set back.
  public var newestID: EventID?

  public var filters = FilterOptions()
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

/// Whose acts are left out, and how many acts are recorded at most, by the programs in the kernel. What is left out is counted
/// as filtered. Processes that are left out are known nevertheless: others may be their children.
///
/// What the agent's own process does to files and to other processes is always left out.
public struct FilterOptions: Sendable {
  /// Processes by their numbers.
  public var processes: Set<UInt32> = []

  /// Paths of programs. The acts of processes that run them are left out, from their exec on, and those of processes that they
  /// start, until those run another program. A file that takes a program's place is noticed within seconds.
  public var programs: [String] = []

  /// Paths of cgroups in the v2 hierarchy, such as `/system.slice/backup.service`; with those below them. One that is made
  /// later is left out as soon as its record is read.
  public var cgroups: [String] = []

  /// Users by their numbers: those whose rights the process has (its effective user).
  public var users: Set<UInt32> = []

  /// How many acts of a class are recorded in a second on each CPU; more are counted as limited. A class that is not here has
  /// no limit, nor has UDP, which is counted in the kernel.
  public var limits: [EventClass: Int] = [:]

  public init() {}
}

/// What is left out of the events about files, by the programs in the kernel: it costs next to nothing then, and is
/// counted as filtered.
public struct FileOptions: Sendable {
  /// Directories; what is opened below them is left out. They are known by their inodes, under whatever path.
  public var ignoredDirectories = ["/proc", "/sys", "/dev"]

  /// The time in which the same open (process, file, flags) is counted only: see `file.repeats`. Zero to report all.
  public var repeatTime: Duration = .seconds(60)

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
