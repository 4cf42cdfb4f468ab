// SPDX-License-Identifier: Apache-2.0

/// A network interface's receive path.
public struct XDPPlace: AttachPlace {
  public let hook: Hook

  /// An interface, by name or index.
  ///
  /// - Requires: Linux 5.9 as a link, 4.8 by netlink
  public static func interface(_ interface: Interface, mode: XDPMode = .automatic) -> Self {
    Self(hook: .xdp(interface: interface, mode: mode))
  }
}

/// A network interface's ingress or egress.
public struct TrafficControlPlace: AttachPlace {
  public let hook: Hook

  /// What an interface receives.
  ///
  /// - Requires: Linux 6.6 (tcx), 4.5 (clsact)
  public static func ingress(_ interface: Interface, order: AttachOrder = .last) -> Self {
    Self(hook: .trafficControl(interface: interface, direction: .ingress, order: order))
  }

  /// What an interface sends.
  ///
  /// - Requires: Linux 6.6 (tcx), 4.5 (clsact)
  public static func egress(_ interface: Interface, order: AttachOrder = .last) -> Self {
    Self(hook: .trafficControl(interface: interface, direction: .egress, order: order))
  }
}

/// A network interface's ingress.
public struct IngressPlace: AttachPlace {
  public let hook: Hook

  /// What an interface receives.
  ///
  /// - Requires: Linux 6.6 (tcx), 4.5 (clsact)
  public static func interface(_ interface: Interface, order: AttachOrder = .last) -> Self {
    Self(hook: .trafficControl(interface: interface, direction: .ingress, order: order))
  }
}

/// A network interface's egress.
public struct EgressPlace: AttachPlace {
  public let hook: Hook

  /// What an interface sends.
  ///
  /// - Requires: Linux 6.6 (tcx), 4.5 (clsact)
  public static func interface(_ interface: Interface, order: AttachOrder = .last) -> Self {
    Self(hook: .trafficControl(interface: interface, direction: .egress, order: order))
  }
}

/// A netkit device.
public struct NetkitPlace: AttachPlace {
  public let hook: Hook

  /// The side that the program's section says.
  ///
  /// - Requires: Linux 6.7
  public static func interface(_ interface: Interface, order: AttachOrder = .last) -> Self {
    Self(hook: .netkit(interface: interface, order: order))
  }
}

/// A cgroup (v2).
public struct CgroupPlace: AttachPlace {
  public let hook: Hook

  /// A cgroup by its directory: the processes in it and below it.
  ///
  /// - Requires: Linux 5.7 as a link, 4.10 otherwise; an order 6.17
  public static func cgroup(_ path: String, order: AttachOrder = .last) -> Self {
    Self(hook: .cgroup(path: path, order: order))
  }
}

/// A network namespace.
public struct NetworkNamespacePlace: AttachPlace {
  public let hook: Hook

  /// A namespace by its file: `/proc/self/ns/net`, `/run/netns/NAME`.
  ///
  /// - Requires: Linux 5.8 (sk_lookup 5.9)
  public static func networkNamespace(_ path: String) -> Self {
    Self(hook: .networkNamespace(path: path))
  }
}

/// A netfilter hook of the calling thread's network namespace.
public struct NetfilterPlace: AttachPlace {
  public let hook: Hook

  /// A hook; programs of lower priority numbers come first.
  ///
  /// - Requires: Linux 6.4
  public static func hook(_ hook: NetfilterHook, family: NetfilterFamily, priority: Int32, defragments: Bool = false)
    -> Self
  {
    Self(hook: .netfilter(family: family, hook: hook, priority: priority, defragments: defragments))
  }
}

/// A map of sockets.
public struct SocketMapPlace: AttachPlace {
  public let hook: Hook

  /// A sockmap or sockhash.
  ///
  /// - Requires: Linux 4.14; as a link 6.10
  public static func map(_ map: AnyMap) -> Self {
    Self(hook: .sockmap(map))
  }

  /// A sockmap or sockhash.
  ///
  /// - Requires: Linux 4.14; as a link 6.10
  public static func map<Key>(_ map: DescriptorMap<Key>) -> Self {
    Self(hook: .sockmap(map.map))
  }
}

/// A socket.
public struct SocketPlace: AttachPlace {
  public let hook: Hook

  /// A socket that is open; the program stays until it closes.
  ///
  /// - Requires: Linux 3.19 (sk_reuseport 4.19)
  public static func socket(_ descriptor: CInt) -> Self {
    Self(hook: .socket(descriptor: descriptor))
  }
}
