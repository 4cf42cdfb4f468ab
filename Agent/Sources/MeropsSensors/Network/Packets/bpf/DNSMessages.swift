// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// DNS: user space gets the payload and takes it apart.
import BPFKernel

@inline(__always)
func send(_ packet: SocketBuffer, _ seen: Packet, _ who: Connection) {
  counters.count(CountedClass.dns) { counts in
    if counts.isOverLimit(CountedClass.dns) { return nil }
    return events.send(wakeup: wakeup) { record in
      record.header.set(seen.isOut ? DNSRecordKind.query : DNSRecordKind.answer, by: who, at: Clock.boot, counts)
      record.socket = who.socket
      record.endpoints = seen.endpoints
      record.transport = UInt32(seen.transport.rawValue)
      record.networkNamespace = seen.networkNamespace
      record.sequence = seen.sequence
      record.length = seen.length
      record.isPadding = 0
      let limit: UInt32 = 1472
      if !packet.load(count: seen.length < limit ? seen.length : limit, at: seen.start, into: &record.payload) {
        record.length = 0
      }
    }
  }
}
