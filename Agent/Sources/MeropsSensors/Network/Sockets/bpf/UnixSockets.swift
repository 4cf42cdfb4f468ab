// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Connects to unix sockets.
import BPFKernel

/// Records with a name behind them: of the programs of system calls, which do not interrupt each other.
var named = ByteBuilder<4608>()

/// The name is that of the socket which was reached, or if none was, what the caller said.
@inline(__always)
func tellOfUnix(_ sk: sock.Probed, _ call: Call, _ error: UInt32) {
  guard tells != 0 else { return }
  var who = caller(of: cookie(sk))
  let time = who.began
  who.began = call.time
  counters.count(CountedClass.network) { counts in
    if who.flags & isIgnored != 0 || counts.isOverLimit(CountedClass.network) { return nil }
    return named.build { bytes in
      bytes.append(SocketRecord.self) { record in
        record.header.set(SocketRecordKind.unixConnect, by: who, at: time, counts)
        clear(
          &record, sk, who, Endpoints(source: .any, destination: .any, sourcePort: 0, destinationPort: 0), transport: 0,
          error)
      }
      var flags: UInt32 = 0
      let peer = unix_sock.Probed(raw: unix_sock.Probed(raw: sk.raw).peer.raw)
      let address = peer.addr
      if error == 0 && !peer.isNull && !address.isNull {
        if !peer.path.dentry.isNull {
          flags = SocketFlags.isPackedPath
          if !bytes.appendPath(peer.path, isTrusted: false) { flags |= RecordFlags.pathIsCut }
        } else {
          // Behind the family: of an abstract name, a zero byte and the name.
          bytes.appendKernel(count: address.len &- 2, from: address.pointer + (unix_address.offset.name &+ 2))
        }
      } else {
        flags = SocketFlags.isUserAddress
        bytes.appendUser(count: call.length &- 2, from: UnsafeRawPointer(bitPattern: UInt(call.address &+ 2)))
      }
      bytes.withValue(SocketRecord.self) { $0.header.flags = flags }
      return events.send(bytes, wakeup: wakeup)
    } ?? false
  }
}
