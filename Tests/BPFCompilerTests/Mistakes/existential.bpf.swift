// Mistake: `any` protocol
import BPFKernel

let license = License.gpl
protocol Rule { func allows(_ port: UInt32) -> Bool }
struct Even: Rule { func allows(_ port: UInt32) -> Bool { port & 1 == 0 } }
struct Odd: Rule { func allows(_ port: UInt32) -> Bool { port & 1 == 1 } }

@section("xdp")
func filter(_ context: XDPContext) -> XDPAction {
  let rule: any Rule = context.receiveQueue == 0 ? Even() : Odd()  // here
  return rule.allows(context.interfaceIndex) ? .pass : .drop
}
