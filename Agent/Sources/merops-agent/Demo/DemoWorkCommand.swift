// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import MeropsControl

/// A little work for `merops run --demo`: what a script that installs something does. It stays on this machine, in a network
/// of its own where it may make one.
struct DemoWorkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "work", abstract: "Do a little work to look at.", shouldDisplay: false)

  @Option(help: "End with this process.")
  var parent: Int32?
  @Option(help: "Rounds at most.")
  var rounds = 1000
  @Flag(help: "The network is one that nobody else uses.")
  var hasOwnNetwork = false

  /// Starts it, in a network of its own where that can be had.
  static func start() throws(ControlError) -> pid_t? {
    guard let own = Programs.own else { return nil }
    let words = ["demo", "work", "--parent", "\(getpid())"]
    guard geteuid() == 0, let unshare = try? Programs.find("unshare") else { return try Programs.start(own, words) }
    return try Programs.start(unshare, ["--net", own] + words + ["--has-own-network"])
  }

  func run() throws {
    signal(SIGPIPE, SIG_IGN)
    let network = hasOwnNetwork ? DemoNetwork() : nil
    for round in 0..<rounds {
      usleep(round == 0 ? 500_000 : 4_000_000)
      if let parent, kill(parent, 0) != 0 { return }
      Self.shell(
        """
        export LC_ALL=C; d=$(mktemp -d) && cd "$d" && printf '#!/bin/sh\\nid -un >owner\\n' >install.sh && chmod +x install.sh \
        && ./install.sh && mv owner installed-by && cat installed-by >/dev/null && cat /etc/hostname >/dev/null; \
        setpriv --reuid 65534 --clear-groups cat /etc/shadow 2>/dev/null; cd / && rm -r "$d"
        """)
      if let network, network.isUp { network.talk() }
    }
  }

  private static func shell(_ script: String) {
    var pid: pid_t = 0
    let words: [UnsafeMutablePointer<CChar>?] =
      ["/bin/sh", "-c", script].map { (word: String) in strdup(word) } + [nil]
    defer { for word in words { free(word) } }
    if posix_spawn(&pid, "/bin/sh", nil, nil, words, environ) == 0 { waitpid(pid, nil, 0) }
  }
}

/// A name server and a web server on the loopback interface of a network namespace of their own.
final class DemoNetwork {
  private(set) var isUp = false
  private var names: CInt = -1
  private var web: CInt = -1

  init() {
    guard Self.raiseLoopback() else { return }
    names = socket(AF_INET, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    web = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    isUp = Self.bind(names, 53) && Self.bind(web, 443) && listen(web, 8) == 0
  }

  /// Asks for a name, connects to its address, exchanges a few bytes; then to a port where nobody listens.
  func talk() {
    let asker = socket(AF_INET, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    defer { close(asker) }
    guard Self.connect(asker, 53) else { return }
    var question = Self.question("pkg.example")
    send(asker, &question, question.count, 0)
    answer(question)
    var buffer = [UInt8](repeating: 0, count: 512)
    recv(asker, &buffer, buffer.count, CInt(MSG_DONTWAIT))

    let client = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    guard Self.connect(client, 443) else {
      close(client)
      return
    }
    let server = accept(web, nil, nil)
    var request = Array("GET /install.sh HTTP/1.1\r\n\r\n".utf8)
    send(client, &request, request.count, 0)
    recv(server, &buffer, buffer.count, 0)
    var page = [UInt8](repeating: 0x23, count: 4200)
    send(server, &page, page.count, 0)
    close(server)
    while recv(client, &buffer, buffer.count, 0) > 0 {}
    close(client)

    let refused = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    _ = Self.connect(refused, 25)
    close(refused)
  }

  /// The answer to a question: one address, 127.0.0.7.
  private func answer(_ question: [UInt8]) {
    var buffer = [UInt8](repeating: 0, count: 512)
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let count = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { recvfrom(names, &buffer, buffer.count, 0, $0, &size) }
    }
    guard count == question.count else { return }
    var reply = Array(buffer.prefix(count))
    // A reply without an error, with one answer: a pointer to the name, type A, class IN, 60 s, four bytes.
    (reply[2], reply[3], reply[7]) = (0x81, 0x80, 1)
    reply += [0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 7]
    _ = withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { sendto(names, reply, reply.count, 0, $0, size) }
    }
  }

  /// A question for the address of a name (RFC 1035).
  private static func question(_ name: String) -> [UInt8] {
    var bytes: [UInt8] = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    for label in name.split(separator: ".") { bytes += [UInt8(label.utf8.count)] + Array(label.utf8) }
    return bytes + [0, 0, 1, 0, 1]
  }

  private static func bind(_ descriptor: CInt, _ port: UInt16) -> Bool {
    withAddress(0, port) { Glibc.bind(descriptor, $0, $1) } == 0
  }

  private static func connect(_ descriptor: CInt, _ port: UInt16) -> Bool {
    withAddress(port == 53 ? 0x7f00_0001 : 0x7f00_0007, port) { Glibc.connect(descriptor, $0, $1) } == 0
  }

  private static func withAddress(
    _ host: UInt32, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
  ) -> CInt {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = host.bigEndian
    return withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }

  static func raiseLoopback() -> Bool {
    let descriptor = socket(AF_INET, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    // struct ifreq: 16 bytes of name, then the flags. SIOCSIFFLAGS, IFF_UP | IFF_RUNNING.
    var request = [UInt8](repeating: 0, count: 40)
    request.replaceSubrange(0..<2, with: Array("lo".utf8))
    (request[16], request[17]) = (0x41, 0)
    return ioctl(descriptor, 0x8914, &request) == 0
  }
}
