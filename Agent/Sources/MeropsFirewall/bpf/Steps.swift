// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Rules that not every packet of their addresses meets.
import BPFKernel

/// Goes from step to step until one meets the packet.
@inline(__always)
func walk(_ image: inout Image, _ page: Bytes, _ context: XDPContext, _ heading: Heading, _ first: UInt32) -> UInt32 {
  var packet = context.packet
  let transport = packet.transport()
  // A first fragment, or a whole packet, that ends within its transport header would hide its ports (RFC 1858, RFC 3128).
  if transport.isMalformed { return Slot.malformed | Word.drop }
  let steps = page.load(UInt32.self, at: 108)
  let isKnown = page.load(UInt32.self, at: 116) != 0 && packet.isOfKnownFlow(transport)
  let now = Clock.boot
  var word = first
  for _ in 0..<16 {
    let number = word & Word.stepMask
    guard let steps = Bytes(image.pointer(to: steps &+ number >> 4)) else { return Slot.unreadable | Word.drop }
    let start = Int(number & 15) &* Step.bytes
    word =
      meets(steps, start, context, heading, transport, isKnown, now)
      ? steps.load(UInt32.self, at: start &+ 12) : steps.load(UInt32.self, at: start &+ 8)
    if word & Word.step == 0 { return word }
  }
  return Slot.unreadable | Word.drop
}

@inline(__always)
func meets(
  _ steps: Bytes, _ start: Int, _ context: XDPContext, _ heading: Heading, _ transport: Transport, _ isKnown: Bool,
  _ now: UInt64
) -> Bool {
  let end = steps.load(UInt64.self, at: start)
  if end != 0 && now >= end { return false }
  let interface = steps.load(UInt32.self, at: start &+ 16)
  if interface != 0 && interface != context.interfaceIndex { return false }
  let tests = steps.load(UInt8.self, at: start &+ 28)
  if tests == 0 { return true }
  if tests & StepTest.transport != 0 && steps.load(UInt8.self, at: start &+ 29) != transport.number { return false }
  if tests & (isKnown ? StepTest.isNew : StepTest.isKnown) != 0 { return false }
  // A later fragment has no ports.
  let header = StepTest.sourcePort | StepTest.port | StepTest.flags | StepTest.icmpType
  if tests & header != 0 && !transport.isThere { return false }
  if tests & StepTest.sourcePort != 0 {
    if transport.sourcePort < steps.load(UInt16.self, at: start &+ 20) { return false }
    if transport.sourcePort > steps.load(UInt16.self, at: start &+ 22) { return false }
  }
  if tests & StepTest.port != 0 {
    if transport.port < steps.load(UInt16.self, at: start &+ 24) { return false }
    if transport.port > steps.load(UInt16.self, at: start &+ 26) { return false }
  }
  if tests & StepTest.flags != 0 {
    if transport.flags & steps.load(UInt8.self, at: start &+ 30) != steps.load(UInt8.self, at: start &+ 31) {
      return false
    }
  }
  if tests & StepTest.icmpType != 0 && transport.icmpType != steps.load(UInt8.self, at: start &+ 32) { return false }
  if tests & StepTest.rate == 0 { return true }
  let word = steps.load(UInt32.self, at: start &+ 12)
  let isWithin = isWithinRate(
    heading, slot: word & Word.slotMask, steps.load(UInt64.self, at: start &+ 40),
    steps.load(UInt64.self, at: start &+ 48), now)
  // A rule that drops meets what is too much, one that passes what is not.
  return (word & Word.drop != 0) != isWithin
}

/// Whether a source keeps to a rate (the generic cell rate algorithm of ITU-T I.371: a token bucket in one number).
///
/// Two CPUs that see one source at the same moment may both let a packet through.
@inline(__always)
func isWithinRate(_ heading: Heading, slot: UInt32, _ interval: UInt64, _ tolerance: UInt64, _ now: UInt64) -> Bool {
  // Whoever has an address of IPv6 has its /64.
  let key = RateKey(upper: heading.upper, lower: 0, slot: slot, isPadding: heading.isIPv6 ? 1 : 0)
  guard let next = rates.pointer(to: key) else {
    rates.set(now &+ interval, for: key)
    return true
  }
  let due = next.pointee > now ? next.pointee : now
  if due &+ interval &- now > tolerance { return false }
  next.pointee = due &+ interval
  return true
}
