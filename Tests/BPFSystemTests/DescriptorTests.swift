// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import BPFSystem

@Suite(.requires(.root)) struct DescriptorTests {
  static func isOpen(_ fd: CInt) -> Bool { fcntl(fd, F_GETFD) != -1 }

  @Test func closesOnceWithItsOwner() throws {
    // Other tests open files meanwhile: not in this thread's table.
    try expectNoLeak {
      let number: CInt
      do {
        let descriptor = try Descriptor.open("/dev/null")
        number = descriptor.rawValue
        #expect(Self.isOpen(number))
      }
      #expect(!Self.isOpen(number))
    }
  }

  @Test func releasedIsTheCallersToClose() throws {
    let number = try Descriptor.open("/dev/null").release()
    #expect(Self.isOpen(number))
    close(number)
  }

  @Test func openOfWhatIsNotThere() {
    #expect(throws: Errno.noSuchFileOrDirectory) { _ = try Descriptor.open("/nowhere").rawValue }
  }

  /// Every way to make a descriptor, each marked close-on-exec.
  @Test func nothingIsPassedOnAcrossExec() throws {
    let map = try BPFCall.createMap(MapCreate(type: 2, keySize: 4, valueSize: 4, maxEntries: 1))
    let file = try Descriptor.open("/dev/null")
    let copy = try file.duplicate()
    let epoll = try Epoll()
    let counter = try EventCounter()
    let perf = try Perf.open(.bpfOutput(wakeup: .events(1)), cpu: 0)
    let numbers = [
      map.rawValue, file.rawValue, copy.rawValue, epoll.descriptor.rawValue, counter.descriptor.rawValue,
      perf.rawValue,
    ]
    for number in numbers { #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0, "descriptor \(number)") }
    // Numbers of our own in a child would name the same objects.
    let listing = try KernelTests.output("ls", "-l", "/proc/self/fd")
    for object in ["bpf-map", "eventpoll", "eventfd", "perf_event"] { #expect(!listing.contains(object), "\(listing)") }
    _ = map.rawValue + file.rawValue + copy.rawValue + perf.rawValue
    _ = epoll.descriptor.rawValue + counter.descriptor.rawValue
  }
}
