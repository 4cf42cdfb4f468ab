// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// What has to go when a signal ends a build: its temporary folders and files, and the compiler that writes in them.
package enum Leftovers {
  private struct State {
    var paths: Set<String> = []
    /// The process groups of compilers that run.
    var compilers: Set<pid_t> = []
    var areRemovedOnSignals = false
  }

  private static let state = Mutex(State())

  static func add(_ path: String) { state.withLock { _ = $0.paths.insert(path) } }

  static func forget(_ path: String) { state.withLock { _ = $0.paths.remove(path) } }

  /// Keeps a path from the moment at which it is made.
  static func making(_ make: () -> String?) -> String? {
    state.withLock { state in
      let path = make()
      if let path { state.paths.insert(path) }
      return path
    }
  }

  /// Starts a compiler; where signals end the build, in a process group of its own, so that all that it starts can be
  /// ended with it.
  ///
  /// - Returns: an error number, or zero.
  static func starting(
    _ pid: inout pid_t, _ spawn: (inout pid_t, UnsafePointer<posix_spawnattr_t>) -> Int32
  ) -> Int32 {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    return state.withLock { state in
      guard state.areRemovedOnSignals else { return spawn(&pid, &attributes) }
      var none = sigset_t()
      sigemptyset(&none)
      posix_spawnattr_setsigmask(&attributes, &none)
      posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
      let error = spawn(&pid, &attributes)
      if error == 0 { state.compilers.insert(pid) }
      return error
    }
  }

  static func ended(_ pid: pid_t) { state.withLock { _ = $0.compilers.remove(pid) } }

  /// From now on SIGINT, SIGTERM and SIGHUP end the compilers, remove what is left, and then end this process.
  ///
  /// Call it before the process has a second thread.
  package static func removeOnSignals() {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      var action = sigaction()
      sigaction(number, nil, &action)
      // What whoever started us has us ignore (nohup) stays ignored.
      guard unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) != 1 else { continue }
      sigaddset(&signals, number)
    }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    state.withLock { $0.areRemovedOnSignals = true }
    let memory = UnsafeMutablePointer<sigset_t>.allocate(capacity: 1)
    memory.initialize(to: signals)
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { memory in
        guard let signals = memory?.assumingMemoryBound(to: sigset_t.self) else { return nil }
        var number: CInt = 0
        while sigwait(signals, &number) != 0 {}
        Leftovers.end(by: number, signals)
        return nil
      }, memory)
  }

  private static func end(by number: CInt, _ signals: UnsafePointer<sigset_t>) {
    // Never let go of: nothing new is made or started meanwhile.
    state.withLock { state in
      for group in state.compilers { kill(-group, SIGKILL) }
      // Until the last process of a group is gone, it may still write.
      for group in state.compilers {
        var checks = 0
        while kill(-group, 0) == 0, checks < 500 {
          usleep(10_000)
          checks += 1
        }
      }
      for path in state.paths {
        unlink(path)
        Files.removeContents(path)
        rmdir(path)
      }
      signal(number, SIG_DFL)
      pthread_sigmask(SIG_UNBLOCK, signals, nil)
      raise(number)
    }
  }
}
