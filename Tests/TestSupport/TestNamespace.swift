// SPDX-License-Identifier: Apache-2.0
import CTestSupport
import Foundation

/// A network namespace that only the test has. It has no name: the kernel removes it, with the devices in it, when
/// the last descriptor closes, so also when the test crashes.
public final class TestNamespace: Sendable {
  let descriptor: CInt

  /// Makes a namespace with only a loopback device, which is up.
  public init() throws {
    descriptor = try onDedicatedThread {
      guard unshare(CInt(CTEST_CLONE_NEWNET)) == 0 else { throw SystemFailure("unshare(CLONE_NEWNET)") }
      let descriptor = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw SystemFailure("open(/proc/thread-self/ns/net)") }
      do {
        try Shell.check("ip link set lo up")
      } catch {
        close(descriptor)
        throw error
      }
      return descriptor
    }
  }

  deinit { close(descriptor) }

  /// Runs `body` inside the namespace, on a thread of its own, and waits for it. Sockets and processes that it makes
  /// are in the namespace for as long as they live.
  public func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) throws -> T {
    try onDedicatedThread { [descriptor] in
      guard setns(descriptor, CInt(CTEST_CLONE_NEWNET)) == 0 else { throw SystemFailure("setns") }
      return try body()
    }
  }

  /// Runs a command inside; it must succeed.
  @discardableResult
  public func check(_ command: String) throws -> String { try run { try Shell.check(command) } }

  /// A path that other processes may open as this namespace while it lives.
  public var path: String { "/proc/\(getpid())/fd/\(descriptor)" }
}

/// Two namespaces with a cable between them, on which only the test speaks: without IPv6 and its announcements, and with
/// addresses that need no resolution.
///
///     near: veth0 10.77.0.1/24, 02:00:00:00:00:01     far: veth1 10.77.0.2/24, 02:00:00:00:00:02
public final class NetworkPair: Sendable {
  public let near: TestNamespace
  public let far: TestNamespace

  public static let nearAddress = "10.77.0.1"
  public static let farAddress = "10.77.0.2"
  public static let nearMAC: [UInt8] = [2, 0, 0, 0, 0, 1]
  public static let farMAC: [UInt8] = [2, 0, 0, 0, 0, 2]

  /// The index of `veth0` in `near`.
  public let nearIndex: Int
  /// The index of `veth1` in `far`.
  public let farIndex: Int

  public init() throws {
    (near, far) = (try TestNamespace(), try TestNamespace())
    // A kernel may have no IPv6.
    let quiet = "file=/proc/sys/net/ipv6/conf/default/disable_ipv6; test ! -e $file || echo 1 > $file"
    for side in [near, far] { try side.run { _ = try Shell.check(["sh", "-c", quiet]) } }
    try near.check(
      "ip link add veth0 address 02:00:00:00:00:01 type veth peer name veth1 address 02:00:00:00:00:02")
    try near.check("ip link set veth1 netns \(far.path)")
    for (side, device, host, peer) in [(near, "veth0", 1, 2), (far, "veth1", 2, 1)] {
      try side.check("ip addr add 10.77.0.\(host)/24 dev \(device)")
      try side.check("ip link set \(device) up")
      try side.check("ip neigh replace 10.77.0.\(peer) lladdr 02:00:00:00:00:0\(peer) dev \(device)")
    }
    // The kernel switches a device on some time after its peer is up, and until then drops what is sent.
    for (side, device) in [(near, "veth0"), (far, "veth1")] {
      guard
        try eventually({
          let link = try side.check("ip link show \(device)")
          return link.contains("state UP") && !link.contains("qdisc noop ")
        })
      else { throw Shell.Failed(description: "\(device) does not come up") }
    }
    nearIndex = try near.run { Int(if_nametoindex("veth0")) }
    farIndex = try far.run { Int(if_nametoindex("veth1")) }
  }
}
