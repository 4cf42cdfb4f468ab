// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

let license = License.gpl

struct Alarm {
  var timer: KernelTimer
  var count: UInt64
}

var alarms = ArrayMap<Alarm>(maxEntries: 1)
var sum: UInt64 = 0
var fired: UInt64 = 0

@section("xdp")
func rounds(_ context: XDPContext) -> XDPAction {
  var total: UInt64 = 0
  repeatUp(to: 1000, state: &total) { round, state in
    guard let state else { return LoopControl.stop }
    state.assumingMemoryBound(to: UInt64.self).pointee &+= round
    return LoopControl.next
  }
  sum = total
  return .pass
}

func ring(
  _ map: UnsafeMutableRawPointer, _ key: UnsafeMutableRawPointer, _ value: UnsafeMutableRawPointer
) -> Int32 {
  fired = value.assumingMemoryBound(to: Alarm.self).pointee.count
  return 0
}

@section("xdp")
func alarm(_ context: XDPContext) -> XDPAction {
  let map = alarms.address
  alarms.withValue(0) { alarm in
    alarm.count = 7
    alarm.timer.prepare(in: map)
    alarm.timer.setFunction(ring)
    alarm.timer.start(after: 1_000_000)
  }
  return .pass
}
