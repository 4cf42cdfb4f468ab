// SPDX-License-Identifier: Apache-2.0

public import BPFBytecode
public import BPFObject
import BPFSystem
import BTF
import Synchronization

/// What the running kernel can do, found out by trying.
///
/// Versions say little: distributions backport, and builds leave things out. So a question is answered with the smallest
/// program, map or type that needs the thing; the answer is kept for as long as the process runs. Nothing is attached.
///
/// A thing that the kernel knows and yet forbids to everybody (as locked-down kernels do with some program types) is not
/// supported. A process without the privilege to ask receives a `permission` error, never a wrong answer.
///
/// A ``BPFToken`` is not asked with: answers are about the kernel and kept for the process, and what is delegated differs from
/// token to token. What one allows is found out by loading with it.
public enum Features {
  enum Question: Hashable {
    case program(ProgramType)
    case map(MapType)
    case attach(AttachType)
    case helper(Helper, ProgramType)
    case ability(Ability)
    case types(BTFFeatures)
  }

  private static let answers = Mutex<[Question: Bool]>([:])

  /// The kept answer, or one found now. Two threads may both find it; they find the same.
  static func answer(_ question: Question, _ probe: () throws(BPFError) -> Bool) throws(BPFError) -> Bool {
    if let known = answers.withLock({ $0[question] }) { return known }
    let found = try probe()
    answers.withLock { $0[question] = found }
    return found
  }

  /// The version of the running kernel. ``supports(_:)-(Ability)`` and its like say what the kernel can do.
  public static var kernelVersion: KernelVersion { .current }

  /// What the kernel was built with, where it can be found out.
  ///
  /// - Parameter option: "CONFIG_BPF_LSM".
  /// - Returns: "y", "m", a number or a text as written; nil when it is not set.
  /// - Throws: `notFound` when the kernel's configuration is nowhere to be read.
  public static func kernelOption(_ option: String) throws(BPFError) -> String? {
    do {
      return try KernelConfig.current[option]
    } catch {
      throw BPFError(
        "reading the kernel's configuration", errno: error,
        hint: "the kernel needs CONFIG_IKCONFIG_PROC (/proc/config.gz), or the file /boot/config-$(uname -r)")
    }
  }
}

// What is missing, as an error.
extension Features {
  /// Throws unless programs of a type can be loaded.
  public static func require(_ type: ProgramType, for context: String) throws(BPFError) {
    guard try !supports(type) else { return }
    throw missing("\(type) programs", type.minimumKernel, context)
  }

  /// Throws unless maps of a type can be created.
  public static func require(_ type: MapType, for context: String) throws(BPFError) {
    guard try !supports(type) else { return }
    throw missing("\(type) maps", type.minimumKernel, context)
  }

  /// Throws unless the kernel has an ability.
  public static func require(_ ability: Ability, for context: String) throws(BPFError) {
    guard try !supports(ability) else { return }
    throw missing(ability.description, ability.minimumKernel, context)
  }

  /// Throws unless programs of a type may call a helper.
  public static func require(_ helper: Helper, in type: ProgramType, for context: String) throws(BPFError) {
    guard try !supports(helper, in: type) else { return }
    throw missing("\(helper) in \(type) programs", helper.minimumKernel, context)
  }

  /// Whether the running kernel is of a version or newer.
  static func isRunning(_ version: KernelVersion) -> Bool {
    KernelVersion.current >= version
  }

  /// What is old, or what a kernel that is new enough leaves out.
  static func missing(_ what: String, _ minimum: KernelVersion?, _ context: String) -> BPFError {
    guard let minimum, !isRunning(minimum) else {
      return BPFError(
        .unsupported, context, detail: "this kernel (\(KernelVersion.current)) does not have \(what)",
        requires: minimum.map { "\($0)" },
        hint: "the kernel is new enough, so it was built without the feature or forbids it: see `merops features`")
    }
    return BPFError(
      .unsupported, context, detail: "this kernel (\(KernelVersion.current)) does not have \(what)",
      requires: "\(minimum)")
  }
}
