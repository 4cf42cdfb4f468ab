// SPDX-License-Identifier: Apache-2.0
import Glibc

extension String {
  var lastComponent: String { String(self[(lastIndex(of: "/").map(index(after:)) ?? startIndex)...]) }

  func dropSuffix(_ suffix: String) -> String {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
  }
}

func readFile(_ path: String) throws -> [UInt8] {
  guard let file = fopen(path, "rb") else { throw Failure("bpf-build: cannot read \(path): \(reason)") }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 65536)
  while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
  return bytes
}

func writeFile(_ path: String, _ bytes: [UInt8]) throws {
  guard let file = fopen(path, "wb") else { throw Failure("bpf-build: cannot write \(path): \(reason)") }
  let written = fwrite(bytes, 1, bytes.count, file)
  guard fclose(file) == 0, written == bytes.count else { throw Failure("bpf-build: writing \(path): \(reason)") }
}

/// Runs a program with this one's output; gives its exit status.
func spawn(_ path: String, _ arguments: [String]) throws -> Int32 {
  var argv: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
  defer { for argument in argv { free(argument) } }
  argv.append(nil)
  var pid: pid_t = 0
  let error = posix_spawnp(&pid, path, nil, nil, argv, environ)
  guard error == 0 else { throw Failure("bpf-build: cannot run \(path): \(String(cString: strerror(error)))") }
  var status: Int32 = 0
  while waitpid(pid, &status, 0) < 0 {
    guard errno == EINTR else { throw Failure("bpf-build: waiting for \(path): \(reason)") }
  }
  return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
}

private var reason: String { String(cString: strerror(errno)) }
