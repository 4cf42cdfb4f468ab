// SPDX-License-Identifier: Apache-2.0

/// A static tracepoint.
public struct TracepointPlace: AttachPlace {
  public let hook: Hook

  /// A tracepoint as in `/sys/kernel/tracing/events`: `"sched", "sched_process_exec"`.
  ///
  /// - Requires: Linux 4.7; a cookie Linux 5.15
  public static func tracepoint(_ category: String, _ name: String, cookie: UInt64 = 0) -> Self {
    Self(hook: .tracepoint(category: category, name: name, cookie: cookie))
  }
}

/// A raw tracepoint.
public struct RawTracepointPlace: AttachPlace {
  public let hook: Hook

  /// A tracepoint by name.
  ///
  /// - Requires: Linux 4.17; a cookie Linux 6.10
  public static func tracepoint(_ name: String, cookie: UInt64 = 0) -> Self {
    Self(hook: .rawTracepoint(name, cookie: cookie))
  }
}

/// What the program was loaded for.
public struct TracingPlace: AttachPlace {
  public let hook: Hook

  /// The target that the section names, with a cookie.
  ///
  /// - Requires: Linux 5.19 (tp_btf 6.10)
  public static func target(cookie: UInt64) -> Self {
    Self(hook: .typed(cookie: cookie))
  }
}

/// Many kernel functions, by type information.
public struct TracingMultiPlace: AttachPlace {
  public let hook: Hook

  /// Functions by name or pattern.
  ///
  /// - Requires: Linux 7.2
  public static func functions(_ functions: [String], cookies: [UInt64] = []) -> Self {
    Self(hook: .typedMulti(functions: functions, cookies: cookies))
  }
}

/// A kernel function's entry.
public struct KprobePlace: AttachPlace {
  public let hook: Hook

  /// A function, plus bytes.
  ///
  /// - Requires: Linux 4.17; a cookie Linux 5.15
  public static func function(_ name: String, offset: UInt64 = 0, cookie: UInt64 = 0) -> Self {
    Self(hook: .kprobe(function: name, offset: offset, cookie: cookie))
  }
}

/// A kernel function's return.
public struct KretprobePlace: AttachPlace {
  public let hook: Hook

  /// A function.
  ///
  /// - Requires: Linux 4.17; a cookie Linux 5.15
  public static func function(_ name: String, cookie: UInt64 = 0) -> Self {
    Self(hook: .kprobe(function: name, isReturn: true, cookie: cookie))
  }
}

/// The entries of many kernel functions.
public struct KprobeMultiPlace: AttachPlace {
  public let hook: Hook

  /// Functions by name or pattern.
  ///
  /// - Requires: Linux 5.18
  public static func functions(_ names: [String], cookies: [UInt64] = []) -> Self {
    Self(hook: .kprobeMulti(KprobeMulti(names, cookies: cookies)))
  }
}

/// The returns of many kernel functions.
public struct KretprobeMultiPlace: AttachPlace {
  public let hook: Hook

  /// Functions by name or pattern.
  ///
  /// - Requires: Linux 5.18
  public static func functions(_ names: [String], cookies: [UInt64] = []) -> Self {
    Self(hook: .kprobeMulti(KprobeMulti(names, isReturn: true, cookies: cookies)))
  }
}

/// A place in an executable or library.
public struct UprobePlace: AttachPlace {
  public let hook: Hook

  /// A function of a file, plus bytes.
  ///
  /// - Requires: Linux 4.17; a cookie Linux 5.15
  public static func function(
    _ symbol: String, in path: String, offset: UInt64 = 0, processID: Int32? = nil, cookie: UInt64 = 0
  ) -> Self {
    Self(hook: .uprobe(Uprobe(path: path, symbol: symbol, offset: offset, processID: processID, cookie: cookie)))
  }

  /// Bytes from the start of a file.
  ///
  /// - Requires: Linux 4.17; a cookie Linux 5.15
  public static func offset(_ offset: UInt64, in path: String, processID: Int32? = nil, cookie: UInt64 = 0) -> Self {
    Self(hook: .uprobe(Uprobe(path: path, offset: offset, processID: processID, cookie: cookie)))
  }
}

/// The return of a function in an executable or library.
public struct UretprobePlace: AttachPlace {
  public let hook: Hook

  /// A function of a file.
  ///
  /// - Requires: Linux 4.17; a cookie Linux 5.15
  public static func function(_ symbol: String, in path: String, processID: Int32? = nil, cookie: UInt64 = 0) -> Self {
    Self(hook: .uprobe(Uprobe(path: path, symbol: symbol, isReturn: true, processID: processID, cookie: cookie)))
  }
}

/// Many functions of an executable or library.
public struct UprobeMultiPlace: AttachPlace {
  public let hook: Hook

  /// Functions by name or pattern.
  ///
  /// - Requires: Linux 6.6
  public static func functions(_ symbols: [String], in path: String, processID: Int32? = nil) -> Self {
    Self(hook: .uprobeMulti(UprobeMulti(path: path, symbols: symbols, processID: processID)))
  }
}

/// The returns of many functions of an executable or library.
public struct UretprobeMultiPlace: AttachPlace {
  public let hook: Hook

  /// Functions by name or pattern.
  ///
  /// - Requires: Linux 6.6
  public static func functions(_ symbols: [String], in path: String, processID: Int32? = nil) -> Self {
    Self(hook: .uprobeMulti(UprobeMulti(path: path, symbols: symbols, isReturn: true, processID: processID)))
  }
}

/// A static probe of an executable or library.
public struct USDTPlace: AttachPlace {
  public let hook: Hook

  /// A probe by provider and name.
  ///
  /// - Requires: Linux 4.20 for probes with a semaphore
  public static func probe(
    _ name: String, provider: String, in path: String, processID: Int32? = nil, cookie: UInt64 = 0
  ) -> Self {
    Self(hook: .usdt(USDT(path: path, provider: provider, name: name, processID: processID, cookie: cookie)))
  }
}

/// A perf event.
public struct PerfEventPlace: AttachPlace {
  public let hook: Hook

  /// An event that is open: the link takes a reference of its own.
  ///
  /// - Requires: Linux 4.9; a cookie Linux 5.15
  public static func perfEvent(_ descriptor: CInt, cookie: UInt64 = 0) -> Self {
    Self(hook: .perfEvent(descriptor: descriptor, cookie: cookie))
  }
}

/// What an iterator walks over, where its target leaves a choice.
public struct IteratorPlace: AttachPlace {
  public let hook: Hook

  /// A map's elements, a thread, a process, a cgroup.
  ///
  /// - Requires: Linux 5.8
  public static func target(_ target: IteratorTarget) -> Self {
    Self(hook: .iterator(target))
  }
}
