// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// What probes are made of: a tunable, a counter, maps of several kinds, records, a subprogram.
import BPFKernel

let license = License.gpl

struct Pair {
  var a: UInt32
  var b: UInt8
}

enum Kind: UInt8 {
  case first
  case second
}

struct Generic<Value: BitwiseCopyable> {
  var value: Value
  var tail: UInt8
}

/// Types with padding, an enumeration, optionals, a tuple, generic arguments and arrays.
struct Shapes {
  var kind: Kind
  var maybe: UInt32?
  var place: UnsafeRawPointer?
  var flag: Bool
  var tuple: (UInt8, UInt16)
  var generic: Generic<UInt16>
  var number: Int
  var many: InlineArray<2, Generic<UInt64>>
}

struct Record {
  var length: UInt32
  var small: UInt8
  var name: FixedString<16>
  var sum: UInt64
}

var counts = HashMap<Pair, UInt64>(maxEntries: 1024)
var unused = HashMap<UInt64, Shapes>(maxEntries: 77)
var records = RingBuffer<Record>(bytes: 1 << 18)
var dropped: UInt64 = 0
@section(".rodata") var limit: UInt32 = 1000

@inline(never)
func weighted(_ a: UInt32, _ b: UInt32) -> UInt32 { a &* 7 &+ b }

@section("xdp")
func measure(_ context: XDPContext) -> XDPAction {
  let length = context.length
  if length > limit { return .drop }
  let key = Pair(a: length, b: 1)
  counts.add(1, to: key)
  let isSent = records.send { record in
    record.length = length
    record.small = 3
    record.name = FixedString()
    record.sum = UInt64(weighted(length, 6))
  }
  if !isSent { atomicAdd(1, to: &dropped) }
  return .pass
}
