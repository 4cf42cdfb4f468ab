// SPDX-License-Identifier: Apache-2.0

import MeropsModel

extension EventLine {
  mutating func describeNetwork(_ event: Reading) {
    let local = event.endpoint(.sourceAddress, .sourcePort)
    let remote = event.endpoint(.destinationAddress, .destinationPort)
    // Addresses say everything about TCP; what is not TCP says so.
    let transport = event.text(.networkTransport).flatMap { $0 == "tcp" ? nil : $0 + " " } ?? ""
    what = transport + (remote ?? local ?? "?")
    switch event.kind {
    case .networkConnect:
      did = "connect"
      if !fail(event) { outcome = "ok" + (event.number(.networkLatency).map { " in " + Amount.duration($0) } ?? "") }
    case .networkAccept:
      did = "accepted"
      outcome = local.map { "at " + $0 } ?? ""
    case .networkListen:
      did = "listens"
      what = transport + "at " + (local ?? "?")
      if !fail(event) { outcome = event.number(.networkBacklog).map { "backlog \($0)" } ?? "" }
    case .networkBind:
      did = "bound"
      what = transport + (local ?? "?")
      if !fail(event) { outcome = "ok" }
    case .networkClose, .networkFlow:
      did = event.kind == .networkClose ? "closed" : "talked"
      let sent = Amount.bytes(event.number(.networkBytesSent) ?? 0)
      let received = Amount.bytes(event.number(.networkBytesReceived) ?? 0)
      outcome = "\(sent) out, \(received) in"
      if let duration = event.number(.networkDuration) { outcome += ", " + Amount.duration(duration) }
      if let again = event.number(.networkRetransmits), again > 0 { outcome += ", \(again) sent again" }
    case .unixConnect:
      did = "connect"
      what = event.text(.unixPath) ?? "an unnamed socket"
      if !fail(event) { outcome = "ok" }
    default: describeOther(event)
    }
  }

  mutating func describeDNS(_ event: Reading) {
    did = event.kind == .dnsQuery ? "asked" : "learned"
    what = [event.text(.dnsName) ?? "?", event.text(.dnsType) ?? ""].joined(separator: " ")
    switch event.kind {
    case .dnsQuery:
      if !fail(event) { outcome = event.endpoint(.destinationAddress, .destinationPort).map { "at " + $0 } ?? "" }
    case .dnsAnswer:
      let code = event.text(.dnsCode) ?? ""
      let addresses = event.texts(.dnsAddresses) ?? []
      if code != "NOERROR", !code.isEmpty {
        outcome = code == "NXDOMAIN" ? "no such name" : code
        tone = .failed
      } else {
        outcome = addresses.isEmpty ? "no address" : addresses.joined(separator: ", ")
      }
      if let latency = event.number(.dnsLatency) { outcome += " in " + Amount.duration(latency) }
    default: describeOther(event)
    }
  }
}
