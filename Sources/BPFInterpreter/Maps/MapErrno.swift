// SPDX-License-Identifier: Apache-2.0

/// What the kernel's maps and helpers answer: error numbers of Linux, negative as programs see them.
enum MapErrno: Int64, Error {
  case noPermission = -1
  case noEntry = -2
  case tooBig = -7
  case tryAgain = -11
  case noMemory = -12
  case badAddress = -14
  case busy = -16
  case exists = -17
  case noDevice = -19
  case invalid = -22
  case noSpace = -28
  case outOfRange = -34
  case noData = -61
  case notSupported = -95

  var name: String {
    switch self {
    case .noPermission: "EPERM"
    case .noEntry: "ENOENT"
    case .tooBig: "E2BIG"
    case .tryAgain: "EAGAIN"
    case .noMemory: "ENOMEM"
    case .badAddress: "EFAULT"
    case .busy: "EBUSY"
    case .exists: "EEXIST"
    case .noDevice: "ENODEV"
    case .invalid: "EINVAL"
    case .noSpace: "ENOSPC"
    case .outOfRange: "ERANGE"
    case .noData: "ENODATA"
    case .notSupported: "EOPNOTSUPP"
    }
  }

  var advice: String {
    switch self {
    case .noEntry: "the map has no such entry"
    case .tooBig: "it is full, or the index is beyond its last element"
    case .exists: "there is such an element already"
    case .invalid: "this kind of map does not do that, or the flags are wrong"
    case .noMemory: "the interpreter's memory is used up: raise Options.memoryLimit"
    case .noSpace: "the ring is full: take its records"
    default: "the kernel would answer the same"
    }
  }
}
