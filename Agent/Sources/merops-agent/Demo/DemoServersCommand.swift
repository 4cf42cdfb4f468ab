// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import MeropsControl

/// What the application of the demo connects to: whoever connects to one of the addresses gets a line. Ends with its input.
struct DemoServersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "servers", abstract: "Answer at some addresses.", shouldDisplay: false)

  @Argument(help: "ADDRESS:PORT=LINE")
  var places: [String]

  func run() throws {
    signal(SIGPIPE, SIG_IGN)
    var waiting = [pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)]
    var answers: [[UInt8]] = [[]]
    for place in places {
      let parts = place.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, let server = DemoSocket.address(String(parts[0])) else {
        throw ValidationError("'\(place)' is not ADDRESS:PORT=LINE")
      }
      let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
      var yes: CInt = 1
      setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
      guard DemoSocket.with(server, { bind(descriptor, $0, $1) }) == 0, listen(descriptor, 8) == 0 else {
        throw ControlError(status: 0, message: "Nothing can listen at \(parts[0]): \(String(cString: strerror(errno)))")
      }
      waiting.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
      answers.append(Array((parts[1] + "\n").utf8))
    }
    Output.line("ready")
    while poll(&waiting, nfds_t(waiting.count), -1) > 0 || errno == EINTR {
      // Its end says that the demo has ended.
      if waiting[0].revents != 0 { return }
      for index in waiting.indices.dropFirst() where waiting[index].revents != 0 {
        let client = accept(waiting[index].fd, nil, nil)
        guard client >= 0 else { continue }
        _ = write(client, answers[index], answers[index].count)
        close(client)
      }
    }
  }
}

/// Addresses as system calls want them.
enum DemoSocket {
  /// - Parameter text: `ADDRESS:PORT`, of IPv4.
  static func address(_ text: String) -> sockaddr_in? {
    let parts = text.split(separator: ":")
    var address = sockaddr_in()
    guard parts.count == 2, let port = UInt16(parts[1]),
      inet_pton(AF_INET, String(parts[0]), &address.sin_addr) == 1
    else { return nil }
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    return address
  }

  static func with(_ address: sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
    withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }
}
