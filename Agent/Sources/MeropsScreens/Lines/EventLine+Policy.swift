// SPDX-License-Identifier: Apache-2.0

import MeropsModel

extension EventLine {
  mutating func describePolicy(_ event: Reading) {
    switch event.kind {
    case .policyDecision: describeDecision(event)
    case .policyChange:
      who = event.text(.policyAuthor) ?? "merops"
      did = "changed"
      what = "policies: " + (event.text(.policyChange) ?? "?")
      outcome = event.number(.policyVersion).map { "version \($0)" } ?? "nothing is enforced"
      tone = .notable
    case .policyRefusal:
      who = event.text(.policyAuthor) ?? "merops"
      did = "refused"
      what = "policies: " + (event.text(.policyChange) ?? "?")
      outcome = event.text(.policyReason).map { $0.split(separator: "\n").first.map(String.init) ?? $0 } ?? ""
      tone = .failed
    default: describeOther(event)
    }
  }

  private mutating func describeDecision(_ event: Reading) {
    switch event.text(.policyAction) {
    case "deny": did = "denied"
    case "kill": did = "killed"
    default: did = "told"
    }
    tone = did == "told" ? .notable : .failed
    let object =
      event.endpoint(.destinationAddress, .destinationPort) ?? event.endpoint(.sourceAddress, .sourcePort)
      ?? event.text(.filePath) ?? event.text(.targetName) ?? event.text(.moduleName) ?? event.text(.bpfName)
      ?? event.text(.processExecutable)
    what = ([event.text(.policyAct)] + [object]).compactMap { $0 }.joined(separator: " ")
    outcome = "by \(event.text(.policyName) ?? "?")/\(event.text(.policyRule) ?? "?")"
    if event.isTrue(.policyIsUncertain) { outcome += ", not all was known" }
    if let message = event.text(.policyMessage) { outcome += ": " + message }
  }
}
