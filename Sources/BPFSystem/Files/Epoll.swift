// SPDX-License-Identifier: Apache-2.0
import CBPF
import Glibc
package import SystemPackage

/// Waits for several descriptors at once.
package struct Epoll: ~Copyable, Sendable {
  package let descriptor: Descriptor

  /// What to wait for, and what came.
  package struct Events: OptionSet, Sendable, Hashable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    package static let readable = Events(rawValue: 1)
    package static let writable = Events(rawValue: 4)
    package static let error = Events(rawValue: 8)
    package static let hangUp = Events(rawValue: 16)
    /// Reported once, then no more until it is added again.
    package static let once = Events(rawValue: 1 << 30)
    /// Reported when it happens, not while it lasts.
    package static let edge = Events(rawValue: 1 << 31)
  }

  /// A descriptor that is ready, by the tag it was added with.
  package struct Ready: Sendable, Hashable {
    package var tag: UInt64
    package var events: Events
  }

  package init() throws(Errno) {
    descriptor = Descriptor(owning: try checked(epoll_create1(CInt(EPOLL_CLOEXEC)).orError))
  }

  /// Adds a borrowed descriptor. It must be removed, or this closed, before the number is used for something else.
  package borrowing func add(_ fd: CInt, events: Events = .readable, tag: UInt64) throws(Errno) {
    try checked(cbpf_epoll_control(descriptor.rawValue, 1, fd, events.rawValue, tag))
  }

  package borrowing func remove(_ fd: CInt) throws(Errno) {
    try checked(cbpf_epoll_control(descriptor.rawValue, 2, fd, 0, 0))
  }

  /// Waits until something is ready, at most 64 descriptors a call. None when the time is over or a signal came.
  ///
  /// - Parameters:
  ///   - timeout: nanoseconds; zero returns at once, nil waits for ever.
  package borrowing func wait(
    timeout: Int64?, _ body: (Ready) throws(Errno) -> Void
  ) throws(Errno) {
    let fd = descriptor.rawValue
    let ready = withUnsafeTemporaryAllocation(of: cbpf_epoll_event.self, capacity: 64) { events in
      let count = cbpf_epoll_wait(fd, events.baseAddress, 64, max(timeout ?? -1, -1))
      return (
        count: count,
        found: (0..<max(count, 0)).map { Ready(tag: events[$0].tag, events: Events(rawValue: events[$0].events)) }
      )
    }
    if ready.count == -Int(EINTR) { return }
    try checked(ready.count)
    for event in ready.found { try body(event) }
  }

  /// The same, when only the waiting matters. It allocates nothing.
  package borrowing func wait(timeout: Int64?) throws(Errno) {
    let fd = descriptor.rawValue
    let count = withUnsafeTemporaryAllocation(of: cbpf_epoll_event.self, capacity: 64) { events in
      cbpf_epoll_wait(fd, events.baseAddress, 64, max(timeout ?? -1, -1))
    }
    if count == -Int(EINTR) { return }
    try checked(count)
  }
}

/// A counter in the kernel that a descriptor stands for: wakes whoever waits.
package struct EventCounter: ~Copyable, Sendable {
  package let descriptor: Descriptor

  package init() throws(Errno) {
    descriptor = Descriptor(owning: try checked(cbpf_eventfd()))
  }

  /// Adds one. Safe from any thread.
  package borrowing func signal() {
    // A full counter is signalled already.
    var one: UInt64 = 1
    _ = write(descriptor.rawValue, &one, 8)
  }

  /// Takes what was added.
  package borrowing func drain() {
    var value: UInt64 = 0
    _ = read(descriptor.rawValue, &value, 8)
  }
}
