// SPDX-License-Identifier: Apache-2.0
import BPF
import Foundation
import Glibc
import Synchronization

struct CommandFailure: Error, CustomStringConvertible { var description: String }

/// Runs a program, in the network namespace of this thread; it must succeed.
@discardableResult
func run(_ command: String) throws -> String {
  // Foundation's Process needs a run loop, whose sockets are made in the namespace, too.
  guard let stream = popen("{ \(command)\n} 2>&1", "r") else { throw CommandFailure(description: "\(command): popen") }
  var bytes: [UInt8] = []
  while true {
    let byte = getc(stream)
    if byte == EOF { break }
    bytes.append(UInt8(truncatingIfNeeded: byte))
  }
  let text = String(decoding: bytes, as: UTF8.self)
  guard pclose(stream) == 0 else { throw CommandFailure(description: "\(command): \(text)") }
  return text
}

extension NetworkNamespace {
  /// Does something on a thread that is in the namespace.
  @discardableResult func inside<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try run(body) } catch { throw try error.cause }
  }
}

/// Two network namespaces of the test's own with a cable between them, on which nobody else speaks.
///
///     near: veth0 10.77.0.1     far: veth1 10.77.0.2, where packets are judged
final class Cable: Sendable {
  let near: NetworkNamespace
  let far: NetworkNamespace

  init() throws {
    (near, far) = (try NetworkNamespace.create(), try NetworkNamespace.create())
    for side in [near, far] {
      try side.inside {
        try run(
          "ip link set lo up; for f in all default; do echo 1 > /proc/sys/net/ipv6/conf/$f/disable_ipv6; done 2> /dev/null; true"
        )
      }
    }
    let path = "/proc/\(getpid())/fd/\(far.fd)"
    try near.inside {
      try run(
        "ip link add veth0 address 02:00:00:00:00:01 type veth peer name veth1 address 02:00:00:00:00:02 && ip link set veth1 netns \(path)"
      )
    }
    for (side, device, own, peer) in [(near, "veth0", 1, 2), (far, "veth1", 2, 1)] {
      try side.inside {
        try run(
          """
          ip addr add 10.77.0.\(own)/24 dev \(device) && ip link set \(device) up &&
          ip neigh replace 10.77.0.\(peer) lladdr 02:00:00:00:00:0\(peer) dev \(device)
          """)
      }
    }
    for (side, device) in [(near, "veth0"), (far, "veth1")] {
      try side.inside {
        while !(try run("ip link show \(device)")).contains("state UP") { usleep(10_000) }
      }
    }
  }

  /// A thread that sends datagrams from 10.77.0.1 to 10.77.0.2 without a pause.
  func sender() throws -> Sender { try Sender(self) }

  /// A socket at 10.77.0.2 that counts what arrives.
  func receiver() throws -> Receiver { try Receiver(self) }
}

func address(_ last: UInt8, port: UInt16) -> sockaddr_in {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = (UInt32(10) << 24 | UInt32(77) << 16 | UInt32(last)).bigEndian
  return address
}

func withAddress<Result>(
  _ address: sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
  withUnsafePointer(to: address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
  }
}

final class Sender: Sendable {
  private let socket: CInt
  private let sent = Atomic<Int>(0)
  private let isStopped = Atomic<Bool>(false)
  private let hasEnded = DispatchSemaphore(value: 0)

  fileprivate init(_ cable: Cable) throws {
    socket = try cable.near.inside {
      let socket = Glibc.socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
      _ = withAddress(address(2, port: 7)) { connect(socket, $0, $1) }
      return socket
    }
    Thread.detachNewThread { [self] in
      let bytes = [UInt8](repeating: 1, count: 32)
      while !isStopped.load(ordering: .relaxed) {
        if send(socket, bytes, bytes.count, 0) == bytes.count { sent.add(1, ordering: .relaxed) }
      }
      hasEnded.signal()
    }
  }

  var count: Int { sent.load(ordering: .relaxed) }

  func stop() {
    isStopped.store(true, ordering: .relaxed)
    hasEnded.wait()
    close(socket)
  }

  /// Waits until it has sent some more.
  func waitForMore(_ number: Int = 50) {
    let goal = count + number
    while count < goal { usleep(100) }
  }
}

final class Receiver: Sendable {
  private let socket: CInt

  fileprivate init(_ cable: Cable) throws {
    socket = try cable.far.inside {
      let socket = Glibc.socket(AF_INET, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
      _ = withAddress(address(2, port: 7)) { bind(socket, $0, $1) }
      return socket
    }
  }

  deinit { close(socket) }

  /// Takes what is there, and counts it.
  func take() -> Int {
    var count = 0
    var buffer = [UInt8](repeating: 0, count: 64)
    while recv(socket, &buffer, buffer.count, 0) > 0 { count += 1 }
    return count
  }
}
