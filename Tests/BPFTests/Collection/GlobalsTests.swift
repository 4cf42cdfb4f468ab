// SPDX-License-Identifier: Apache-2.0

import BTF
import TestSupport
import Testing

@testable import BPF

@Suite(.requires(.root)) struct CollectionGlobalsTests {
  @Test func initialValues() throws {
    let collection = try open("globals")
    #expect(try collection.global("threshold") as UInt32 == 10)
    #expect(try collection.global("total") as UInt64 == 100)
    #expect(try collection.global("small") as Int8 == -3)
    #expect(try collection.global("seen") as UInt64 == 0)
    #expect(try collection.global("in_own_data") as UInt32 == 77)
    #expect(try collection.globalValue("settings").json == #"{"limit":3,"adjust":-2,"label":"default"}"#)
    #expect(try collection.globalValue("table").json == "[[1,2,3],[4,5,6]]")
  }

  @Test func programsSeeWhatWasSetBefore() throws {
    let collection = try load("globals") {
      try $0.setGlobal("threshold", to: UInt32(50))
      try $0.setGlobal("settings", text: "limit=9,adjust=1")
      try $0.setGlobal("verbose", to: true)
      try $0.setGlobal("total", to: UInt64(1000))
    }
    // hidden_count = 0 + initialised (5) + masks[1] (2)
    #expect(try collection.run("count") == 7)
    #expect(try collection.global("seen") as UInt64 == 1)
    #expect(try collection.global("total") as UInt64 == 1050)
    #expect(try collection.global("small") as Int8 == -4)
    #expect(try collection.global("in_own_data") as UInt32 == 77 + 55)
    #expect(try collection.globalValue("scratch")["limit"]?.integer == 10)
    #expect(try collection.globalValue("table").json == "[[1,2,3],[4,5,7]]")
  }

  @Test func valuesAreSetWhileLoaded() throws {
    let collection = try load("globals")
    try collection.setGlobal("seen", to: UInt64(40))
    #expect(try collection.run("count") == 5 + 2)
    #expect(try collection.global("seen") as UInt64 == 41)
    try collection.setGlobal("scratch", to: .structure([.init("limit", .unsigned(5))]))
    #expect(try collection.globalValue("scratch")["limit"]?.integer == 5)
    let error = #expect(throws: BPFError.self) { try collection.setGlobal("threshold", to: UInt32(1)) }
    #expect(error?.code == .invalid)
    #expect(error?.description.contains("before the load") == true)
  }

  @Test func mistakes() throws {
    let collection = try open("globals")
    #expect(throws: BPFError.self) { try collection.setGlobal("threshold", to: UInt64(1)) }
    #expect(throws: BPFError.self) { try collection.setGlobal("settings", text: "no_such_member=1") }
    let error = #expect(throws: BPFError.self) { try collection.setGlobal("no_such", to: 1) }
    #expect(error?.code == .notFound)
    #expect(error?.description.contains("threshold") == true)
    #expect(throws: BPFError.self) { try collection.global("threshold") as UInt64 }
  }
}
