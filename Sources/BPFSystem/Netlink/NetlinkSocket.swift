// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SystemPackage

/// A request that the kernel refused.
package struct NetlinkError: Error, Hashable, CustomStringConvertible {
  package var errno: Errno
  /// What the kernel says about it in words (extended acknowledgement), where it does.
  package var message: String?

  package var description: String {
    guard let message, !message.isEmpty else { return errno.description }
    return "\(message) (\(errno))"
  }
}

/// A socket to the kernel's routing part, in the network namespace of the thread that opens it.
struct NetlinkSocket: ~Copyable {
  private let descriptor: Descriptor
  private var sequence: UInt32 = 0

  init() throws(NetlinkError) {
    do throws(Errno) {
      self.init(try Self.open())
    } catch {
      throw NetlinkError(errno: error)
    }
  }

  private init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

  private static func open() throws(Errno) -> Descriptor {
    let type = CInt(SOCK_RAW.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
    let descriptor = Descriptor(owning: try checked(socket(AF_NETLINK, type, 0 /* NETLINK_ROUTE */).orError))
    // The kernel sends words with an error, and only the header of the request.
    for option: CInt in [11, 10] {  // NETLINK_EXT_ACK, NETLINK_CAP_ACK
      var on: CInt = 1
      setsockopt(descriptor.rawValue, 270 /* SOL_NETLINK */, option, &on, 4)
    }
    return descriptor
  }

  /// Sends a request and collects the answers until the kernel says that it is done.
  @discardableResult
  mutating func request(_ message: NetlinkMessage) throws(NetlinkError) -> [NetlinkReader.Message] {
    // A dump that changed while it was made is marked: ask again, for a while.
    for _ in 0..<8 {
      if let answers = try exchange(message) { return answers }
    }
    throw NetlinkError(errno: Errno(rawValue: EAGAIN))
  }

  /// - Returns: nil when a dump was inconsistent.
  private mutating func exchange(_ message: NetlinkMessage) throws(NetlinkError) -> [NetlinkReader.Message]? {
    sequence += 1
    let fd = descriptor.rawValue
    let request = message.finished(sequence: sequence)
    var answers: [NetlinkReader.Message] = []
    var isConsistent = true
    do throws(Errno) {
      try retrying { send(fd, request, request.count, 0).orError }
      while true {
        let datagram = try receive()
        var reader = NetlinkReader(datagram[...])
        while let answer = reader.nextMessage() {
          guard answer.sequence == sequence else { continue }
          if answer.flags & 0x10 != 0 { isConsistent = false }  // NLM_F_DUMP_INTR
          switch answer.type {
          case 2, 3:  // NLMSG_ERROR, NLMSG_DONE
            try conclude(answer)
            return isConsistent ? answers : nil
          default:
            answers.append(answer)
          }
        }
      }
    } catch {
      throw NetlinkError(errno: error, message: refusal)
    }
  }

  /// The kernel's words for the error that was thrown last.
  private var refusal: String?

  private mutating func conclude(_ answer: NetlinkReader.Message) throws(Errno) {
    refusal = nil
    let code = NetlinkReader.integer(answer.payload, at: 0, as: Int32.self) ?? 0
    guard code < 0 else { return }
    // Attributes follow the code and the header of the request, which ends the message otherwise.
    let header = answer.type == 2 ? 4 + NetlinkMessage.headerSize : 4
    if answer.flags & 0x200 != 0 {  // NLM_F_ACK_TLVS
      let attributes = NetlinkReader.attributes(answer.payload, after: header)
      refusal = attributes[1].map { text($0) }  // NLMSGERR_ATTR_MSG
    }
    throw Errno(rawValue: -code)
  }

  private func receive() throws(Errno) -> [UInt8] {
    let fd = descriptor.rawValue
    // How large the next datagram is, without taking it.
    let size = try retrying { recv(fd, nil, 0, CInt(MSG_PEEK) | CInt(MSG_TRUNC)).orError }
    var bytes = [UInt8](repeating: 0, count: Int(size))
    let count = try retrying { recv(fd, &bytes, bytes.count, 0).orError }
    bytes.removeLast(bytes.count - Int(count))
    return bytes
  }
}
