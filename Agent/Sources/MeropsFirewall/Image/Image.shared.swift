// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

// What user space writes and the kernel's program reads: a rule set as an image of pages, in one array map. The whole image is
// put in the place of the one before by one update of the map of images.
//
//     page 0      ImageHeader, then the nodes of the two searches
//     then        buckets of IPv4, buckets of IPv6, steps, or the arrays for large sets of IPv4; the rules as bytes

/// Bytes that one lookup makes readable.
enum ImagePage {
  static var bytes: Int { 1024 }
}

/// A value of the array map.
struct Page {
  var words: InlineArray<128, UInt64>
}

/// What is found for an address: what becomes of the packet, for which rule.
///
///     bit 29       a number of a step, in the lower 24 bits: look further
///     bit 28       drop
///     bits 0-15    the slot of the rule
///
/// 0 is the slot of packets that no rule names and that pass.
enum Word {
  static var step: UInt32 { 1 << 29 }
  static var drop: UInt32 { 1 << 28 }
  static var slotMask: UInt32 { 0xffff }
  static var stepMask: UInt32 { 0xff_ffff }
  /// In the array of IPv4: the rest is the number of a block of 256 addresses.
  static var block: UInt32 { 1 << 31 }
  /// With `block`: a block with a word for each address. Without: with two words and a bit for each address.
  static var wide: UInt32 { 1 << 30 }
  static var blockMask: UInt32 { 0x3fff_ffff }
}

/// Slots of counters that are no rule's.
enum Slot {
  /// No rule names the packet, and the default passes it.
  static var none: UInt32 { 0 }
  /// The packet ends before its headers do, or contradicts itself: dropped.
  static var malformed: UInt32 { 1 }
  /// No IP, such as ARP: passed.
  static var other: UInt32 { 2 }
  /// The image is damaged, or behind more VLAN tags than two there may be an address: dropped.
  static var unreadable: UInt32 { 3 }
  /// No rule names the packet, and the default drops it.
  static var noneDropped: UInt32 { 6 }
  /// What rules that are gone have passed and dropped; user space adds it.
  static var formerlyPassed: UInt32 { 4 }
  static var formerlyDropped: UInt32 { 5 }
  /// The first of the rules'.
  static var first: UInt32 { 8 }
  static var count: UInt32 { 65_536 }
}

/// A search by prefix lengths (Waldvogel, Varghese, Turner, Plattner: "Scalable High Speed IP Routing Lookups", 1997): the
/// lengths that occur are a binary tree, and a hash has each prefix, and marks for longer ones at the lengths on the way to them.
struct SearchHeader {
  /// Odd random numbers that the hash multiplies with.
  var factor0: UInt64
  var factor1: UInt64
  var factor2: UInt64
  /// The word of addresses that no prefix has.
  var initial: UInt32
  /// The first page of its buckets.
  var buckets: UInt32
  /// How many buckets: the upper 32 bits of a hash, as a fraction, are the number of one.
  var count: UInt32
  var isPadding: UInt32
}

/// The start of page 0.
struct ImageHeader {
  /// ``ImageHeader/current``
  var layout: UInt32
  var pages: UInt32
  /// Counts the images.
  var generation: UInt64
  var ipv4: SearchHeader
  var ipv6: SearchHeader
  /// Pages of the array over the upper 24 bits of IPv4; 0 for a search instead.
  var direct: UInt32
  /// Pages of the blocks behind it.
  var narrowBlocks: UInt32
  var wideBlocks: UInt32
  var steps: UInt32
  /// Where the rules lie, as bytes.
  var ledger: UInt32
  /// Not 0: steps ask whether a packet belongs to a flow.
  var asksForFlows: UInt32
  var ledgerBytes: UInt64

  static var current: UInt32 { 1 }
  /// Where the nodes of IPv4's lengths lie in page 0: up to 33. A node is a length, then the node after a hit, then the node
  /// after a miss, in a byte each; 0 ends the search.
  static var nodes4: Int { 256 }
  /// Where those of IPv6 lie: up to 128.
  static var nodes6: Int { 512 }
}

/// Offsets in a bucket: entries with their key, their length and their word. All words are there from the start, with
/// length 255 where no entry is.
enum Bucket {
  static var bytes: Int { 128 }
  static var entries: Int { 5 }
  static var upper: Int { 0 }
  static var lower: Int { 40 }
  static var words: Int { 80 }
  static var lengths: Int { 100 }
  /// Not 0: an entry that had no place here is in one of the buckets behind.
  static var overflow: Int { 105 }
  /// Buckets that a search looks at, at most.
  static var reach: Int { 4 }
  static var noLength: UInt8 { 255 }
}

/// Offsets in a block of 256 addresses that know two words only.
enum NarrowBlock {
  static var bytes: Int { 64 }
  static var bits: Int { 0 }
  static var set: Int { 32 }
  static var clear: Int { 36 }
}

/// Part of a rule that not every packet of its addresses meets: a time, an interface, a protocol, ports.
struct Step {
  /// When the rule ends, in nanoseconds since boot; 0 for never.
  var end: UInt64
  /// What is found if the rule does not meet the packet: that of a shorter prefix.
  var next: UInt32
  /// What is found if it does.
  var word: UInt32
  /// 0 for any.
  var interface: UInt32
  var firstSourcePort: UInt16
  var lastSourcePort: UInt16
  var firstPort: UInt16
  var lastPort: UInt16
  /// Bits of ``StepTest``.
  var tests: UInt8
  var transport: UInt8
  /// Of TCP: flags that are looked at, and those of them that are set.
  var flagMask: UInt8
  var flags: UInt8
  var icmpType: UInt8
  var isPadding0: UInt8
  var isPadding1: UInt16
  /// With ``StepTest/rate``: nanoseconds from packet to packet of one source at the rule's rate.
  var interval: UInt64
  /// How far ahead of that its packets may be.
  var tolerance: UInt64
  var isPadding2: UInt64

  static var bytes: Int { 64 }
  /// Steps that a packet goes through, at most.
  static var limit: Int { 16 }
}

enum StepTest {
  static var transport: UInt8 { 1 }
  static var sourcePort: UInt8 { 2 }
  static var port: UInt8 { 4 }
  static var flags: UInt8 { 8 }
  static var icmpType: UInt8 { 16 }
  static var rate: UInt8 { 32 }
  /// The packet belongs to a flow that packets of this machine have made known.
  static var isKnown: UInt8 { 64 }
  /// It belongs to none.
  static var isNew: UInt8 { 128 }
}

/// One source under one rule with a rate.
struct RateKey {
  var upper: UInt64
  var lower: UInt64
  var slot: UInt32
  var isPadding: UInt32
}

/// Packets of a slot, on one CPU.
struct SlotCount {
  var packets: UInt64
  var bytes: UInt64
}

/// One of the packets that were dropped.
struct DropRecord {
  /// Nanoseconds since boot.
  var time: UInt64
  var sourceUpper: UInt64
  var sourceLower: UInt64
  var destinationUpper: UInt64
  var destinationLower: UInt64
  /// Of the image.
  var generation: UInt64
  /// Drops on the same CPU since the record before, of which there is none.
  var untold: UInt64
  var length: UInt32
  var interface: UInt32
  var slot: UInt32
  var sourcePort: UInt16
  var destinationPort: UInt16
  var etherType: UInt16
  /// The tag next to the payload; 0xffff for none.
  var vlan: UInt16
  var transport: UInt8
  /// 1 where the source is one of IPv6.
  var isIPv6: UInt8
  var isPadding: UInt16
}

/// What one CPU tells of its drops.
struct DropPace {
  /// The time that records are counted in, in 256 ticks of the kernel's clock.
  var window: UInt64
  var told: UInt64
  var untold: UInt64
  /// Records for which the ring had no room.
  var lost: UInt64

  /// Records in a window, at most.
  static var limit: UInt64 { 64 }
}
