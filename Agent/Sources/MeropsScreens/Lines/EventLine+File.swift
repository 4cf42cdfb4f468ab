// SPDX-License-Identifier: Apache-2.0

import MeropsModel

extension EventLine {
  mutating func describeFile(_ event: Reading, _ users: inout UserNames) {
    let path = event.text(.filePath) ?? "?"
    what = path
    switch event.kind {
    case .fileOpen: did = "opened"
    case .fileCreate: did = "created"
    case .fileWrite:
      did = "opened"
      outcome = "for writing"
    case .fileUnlink: did = "removed"
    case .fileRename:
      did = "renamed"
      what += " to " + (event.text(.fileTarget) ?? "?")
    case .fileLink:
      did = "linked"
      what += " as " + (event.text(.fileTarget) ?? "?")
    case .fileSymlink:
      did = "linked"
      what += " to " + (event.text(.fileTarget) ?? "?")
      outcome = "symbolic"
    case .fileMode:
      did = "chmod"
      outcome = event.number(.fileMode).map(Names.mode) ?? ""
    case .fileOwner:
      did = "chown"
      outcome = event.number(.fileOwner).map { "to " + users($0) } ?? ""
    case .fileMapExecutable:
      did = "mapped"
      outcome = "executable"
    case .fileRepeats:
      did = "repeated"
      if event.text(.filePath) == nil, event.number(.fileInode) == nil { what = "opens of files that are forgotten" }
      outcome = event.number(.eventCount).map { Amount.count($0) + " times more" } ?? ""
    case .mount:
      did = "mounted"
      what = (event.text(.mountSource).map { $0 + " at " } ?? "") + path
      outcome = event.text(.mountType) ?? ""
      tone = .notable
    case .unmount:
      did = "unmounted"
      tone = .notable
    default: return describeOther(event)
    }
    if event.isTrue(.fileIsUpper) { outcome += outcome.isEmpty ? "not from the image" : ", not from the image" }
    if !fail(event), outcome.isEmpty { outcome = "ok" }
  }
}
