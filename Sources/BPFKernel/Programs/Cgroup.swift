// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

/// The context of programs that see the addresses of connect, bind, sendmsg, recvmsg, getsockname and getpeername, and may
/// change them (`struct bpf_sock_addr`). Returns a ``CgroupVerdict``.
///
///     @section("cgroup/connect4")
///     func connecting(_ context: SocketAddress) -> CgroupVerdict { ... }
///
/// - Requires: Linux 4.17.
@frozen public struct SocketAddress: ProgramContext {
  public let raw: OpaquePointer
  @inline(__always) public init(raw: OpaquePointer) { self.raw = raw }

  /// The family of the address (`user_family`).
  public var addressFamily: UInt32 { @inline(__always) get { bpf_sock_addr_user_family(raw) } }
  /// The address (`user_ip4`).
  public var ipv4: IPv4Address {
    @inline(__always) get { IPv4Address(networkOrder: bpf_sock_addr_user_ip4(raw)) }
    @inline(__always) nonmutating set { bpf_sock_addr_set_user_ip4(raw, newValue.networkOrder) }
  }
  /// The address (`user_ip6`).
  public var ipv6: IPv6Address {
    @inline(__always) get {
      IPv6Address(
        networkOrder: (
          bpf_sock_addr_user_ip6_0(raw), bpf_sock_addr_user_ip6_1(raw), bpf_sock_addr_user_ip6_2(raw),
          bpf_sock_addr_user_ip6_3(raw)
        ))
    }
    @inline(__always) nonmutating set {
      bpf_sock_addr_set_user_ip6_0(raw, newValue.words.0)
      bpf_sock_addr_set_user_ip6_1(raw, newValue.words.1)
      bpf_sock_addr_set_user_ip6_2(raw, newValue.words.2)
      bpf_sock_addr_set_user_ip6_3(raw, newValue.words.3)
    }
  }
  /// The port (`user_port`).
  public var port: UInt16 {
    @inline(__always) get { UInt16(bigEndian: UInt16(truncatingIfNeeded: bpf_sock_addr_user_port(raw))) }
    @inline(__always) nonmutating set { bpf_sock_addr_set_user_port(raw, UInt32(newValue.bigEndian)) }
  }
  /// The socket's family.
  public var family: UInt32 { @inline(__always) get { bpf_sock_addr_family(raw) } }
  /// `SOCK_STREAM` (1), `SOCK_DGRAM` (2).
  public var type: UInt32 { @inline(__always) get { bpf_sock_addr_type(raw) } }
  public var `protocol`: IPProtocol {
    @inline(__always) get { IPProtocol(rawValue: UInt8(truncatingIfNeeded: bpf_sock_addr_protocol(raw))) }
  }
  /// The address that a datagram is sent from (`msg_src_ip4`).
  public var sourceIPv4: IPv4Address {
    @inline(__always) get { IPv4Address(networkOrder: bpf_sock_addr_msg_src_ip4(raw)) }
    @inline(__always) nonmutating set { bpf_sock_addr_set_msg_src_ip4(raw, newValue.networkOrder) }
  }
  /// The socket.
  ///
  /// - Requires: Linux 5.3.
  public var socket: BPFSocket? { @inline(__always) get { BPFSocket(bpf_sock_addr_sk(raw)) } }

  /// A number that names the socket as long as the machine runs.
  ///
  /// - Requires: Linux 4.12.
  public var socketCookie: UInt64 { @inline(__always) get { bpf_get_socket_cookie(pointer) } }
}

/// The context of programs at getsockopt and setsockopt (`struct bpf_sockopt`). Returns a ``CgroupVerdict``.
///
/// - Requires: Linux 5.3.
@frozen public struct SocketOption: ProgramContext {
  public let raw: OpaquePointer
  @inline(__always) public init(raw: OpaquePointer) { self.raw = raw }

  public var socket: BPFSocket? { @inline(__always) get { BPFSocket(bpf_sockopt_sk(raw)) } }
  /// `SOL_SOCKET` (1), `IPPROTO_TCP` (6) and so on.
  public var level: Int32 {
    @inline(__always) get { bpf_sockopt_level(raw) }
    @inline(__always) nonmutating set { bpf_sockopt_set_level(raw, newValue) }
  }
  /// The option's number within its level (`optname`).
  public var name: Int32 {
    @inline(__always) get { bpf_sockopt_optname(raw) }
    @inline(__always) nonmutating set { bpf_sockopt_set_optname(raw, newValue) }
  }
  /// Bytes of the option's value (`optlen`); 0 leaves the kernel's answer as it is.
  public var length: Int32 {
    @inline(__always) get { bpf_sockopt_optlen(raw) }
    @inline(__always) nonmutating set { bpf_sockopt_set_optlen(raw, newValue) }
  }
  /// What getsockopt will return.
  public var result: Int32 {
    @inline(__always) get { bpf_sockopt_retval(raw) }
    @inline(__always) nonmutating set { bpf_sockopt_set_retval(raw, newValue) }
  }
  /// The option's value (`optval`): a cursor like that of a packet.
  public var value: Packet {
    @inline(__always) @_lifetime(immortal)
    get { Packet(start: UnsafeRawPointer(bpf_sockopt_optval(raw)), end: UnsafeRawPointer(bpf_sockopt_optval_end(raw))) }
  }
}

/// The context of programs at reads and writes of /proc/sys (`struct bpf_sysctl`). Returns a ``CgroupVerdict``.
///
/// - Requires: Linux 5.2.
@frozen public struct SystemControl: ProgramContext {
  public let raw: OpaquePointer
  @inline(__always) public init(raw: OpaquePointer) { self.raw = raw }

  /// Whether it is a write.
  public var isWrite: Bool { @inline(__always) get { bpf_sysctl_write(raw) != 0 } }
  /// The position in the file.
  public var position: UInt32 {
    @inline(__always) get { bpf_sysctl_file_pos(raw) }
    @inline(__always) nonmutating set { bpf_sysctl_set_file_pos(raw, newValue) }
  }

  /// The name: with its path below /proc/sys, or the last part only.
  ///
  /// - Returns: the number of characters written; `tooBig` if the name was cut.
  @inline(__always) @discardableResult
  public func readName<let capacity: Int>(into text: inout FixedString<capacity>, lastPartOnly: Bool = false) -> Status
  {
    let length = text.withMutableBytes { bpf_sysctl_get_name(raw, $0, UInt64(capacity), lastPartOnly ? 1 : 0) }
    return text.finishUncounted(length)
  }

  /// The value before the write.
  @inline(__always) @discardableResult
  public func readValue<let capacity: Int>(into text: inout FixedString<capacity>) -> Status {
    let length = text.withMutableBytes { bpf_sysctl_get_current_value(raw, $0, UInt64(capacity)) }
    return text.finishUncounted(length)
  }

  /// The text that is being written.
  @inline(__always) @discardableResult
  public func readNewValue<let capacity: Int>(into text: inout FixedString<capacity>) -> Status {
    let length = text.withMutableBytes { bpf_sysctl_get_new_value(raw, $0, UInt64(capacity)) }
    return text.finishUncounted(length)
  }
}

/// The context of programs at the opening and making of device nodes (`struct bpf_cgroup_dev_ctx`). Returns a
/// ``CgroupVerdict``.
///
/// - Requires: Linux 4.15.
@frozen public struct DeviceAccess: ProgramContext {
  public let raw: OpaquePointer
  @inline(__always) public init(raw: OpaquePointer) { self.raw = raw }

  public var isBlockDevice: Bool { @inline(__always) get { bpf_cgroup_dev_ctx_access_type(raw) & 0xffff == 1 } }
  public var isCharacterDevice: Bool { @inline(__always) get { bpf_cgroup_dev_ctx_access_type(raw) & 0xffff == 2 } }
  /// Whether the node is being made.
  public var makesNode: Bool { @inline(__always) get { bpf_cgroup_dev_ctx_access_type(raw) & 0x1_0000 != 0 } }
  public var reads: Bool { @inline(__always) get { bpf_cgroup_dev_ctx_access_type(raw) & 0x2_0000 != 0 } }
  public var writes: Bool { @inline(__always) get { bpf_cgroup_dev_ctx_access_type(raw) & 0x4_0000 != 0 } }
  public var major: UInt32 { @inline(__always) get { bpf_cgroup_dev_ctx_major(raw) } }
  public var minor: UInt32 { @inline(__always) get { bpf_cgroup_dev_ctx_minor(raw) } }
}

/// What the system call of a cgroup program will return, as earlier programs set it.
///
/// - Requires: Linux 5.18.
public var systemCallResult: Int32 { @inline(__always) get { bpf_get_retval() } }

/// Lets the system call of a cgroup program return an errno.
///
/// - Requires: Linux 5.18.
@inline(__always) @discardableResult
public func setSystemCallResult(_ error: KernelErrno) -> Status {
  Status(rawValue: Int(bpf_set_retval(0 &- error.rawValue)))
}
