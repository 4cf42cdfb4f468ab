// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Files and folders, with errors that name them.
package enum Files {
  /// - Parameter magics: how the file starts if it is of the wanted kind; of another one only the beginning is read, so that
  ///   `/dev/zero` is not read for ever. None: any kind.
  static func read(_ path: String, ifStartingWith magics: [[UInt8]] = []) throws(CompileError) -> [UInt8] {
    guard let file = fopen(path, "rb") else { throw CompileError("\(path): \(reason)") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&chunk, 1, chunk.count, file), count > 0 {
      bytes += chunk[..<count]
      guard magics.isEmpty || magics.contains(where: { bytes.starts(with: $0) }) else { return bytes }
    }
    guard ferror(file) == 0 else { throw CompileError("\(path): \(reason)") }
    return bytes
  }

  package static func text(_ path: String) throws(CompileError) -> String {
    String(decoding: try read(path), as: UTF8.self)
  }

  /// Writes a file whole or not at all, so that nobody reads half of it.
  ///
  /// A pipe, `/dev/stdout` and the like stay what they are and get the bytes.
  package static func write(_ path: String, _ bytes: some Collection<UInt8>) throws(CompileError) {
    var status = stat()
    let isInPlace = stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
    let path = resolved(path)
    // Short, whatever the file is called: a name has at most 255 bytes.
    let written = isInPlace ? path : "\(folder(of: path))/.merops.\(getpid())"
    if !isInPlace { Leftovers.add(written) }
    defer { if !isInPlace { Leftovers.forget(written) } }
    guard let file = fopen(written, "wb") else { throw CompileError("\(path): \(reason)") }
    let contents = Array(bytes)
    var error = fwrite(contents, 1, contents.count, file) == contents.count ? 0 : errno
    if fclose(file) != 0, error == 0 { error = errno }
    guard !isInPlace else {
      if error != 0 { throw CompileError("\(path): \(String(cString: strerror(error)))") }
      return
    }
    if error == 0, rename(written, path) != 0 { error = errno }
    guard error == 0 else {
      unlink(written)
      throw CompileError("\(path): \(String(cString: strerror(error)))")
    }
  }

  static func makeFolder(_ path: String) throws(CompileError) {
    var prefix = ""
    for part in path.split(separator: "/", omittingEmptySubsequences: false) {
      prefix += part
      if !prefix.isEmpty, mkdir(prefix, 0o777) != 0, errno != EEXIST, errno != EISDIR {
        throw CompileError("\(prefix): \(reason)")
      }
      prefix += "/"
    }
  }

  /// The files below a folder whose names end so, sorted; none that are hidden.
  static func list(_ folder: String, suffix: String) -> [String] {
    var result: [String] = []
    for entry in entries(folder) where !entry.name.hasPrefix(".") {
      let path = "\(folder)/\(entry.name)"
      if entry.isFolder {
        result += list(path, suffix: suffix)
      } else if entry.name.hasSuffix(suffix) {
        result.append(path)
      }
    }
    return result.sorted()
  }

  /// The folders in a folder whose names begin so.
  static func folders(_ folder: String, prefix: String) -> [String] {
    entries(folder).filter { $0.isFolder && $0.name.hasPrefix(prefix) }.map { "\(folder)/\($0.name)" }
  }

  /// What is in a folder, besides itself and the one around it.
  private static func entries(_ folder: String) -> [(name: String, isFolder: Bool)] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var result: [(name: String, isFolder: Bool)] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { result.append((name, entry.pointee.d_type == UInt8(DT_DIR))) }
    }
    return result
  }

  /// Throws if writing a path would replace one of the files that are read, also by way of a link.
  package static func check(_ output: String, isNoneOf inputs: [String]) throws(CompileError) {
    var (written, read) = (stat(), stat())
    guard stat(output, &written) == 0, written.st_mode & S_IFMT == S_IFREG else { return }
    for input in inputs where stat(input, &read) == 0 {
      guard written.st_dev != read.st_dev || written.st_ino != read.st_ino else {
        throw CompileError("\(output) is the input itself, which the output would replace: name another file with -o")
      }
    }
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// The path without symbolic links; itself if it does not exist, or if a folder on the way has a name that is not
  /// text.
  static func resolved(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(validatingCString: real) ?? path
  }

  /// What stands before the last slash; `.` if there is none.
  static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The path as the argument of a compiler, which takes a name that begins with `-` for an option and one that begins
  /// with `@` for a file of arguments.
  static func argument(_ path: String) -> String {
    path.utf8.first.map { [UInt8(ascii: "-"), UInt8(ascii: "@")].contains($0) } ?? true ? "./\(path)" : path
  }

  /// The path of a file that is named in a folder.
  static func absolute(_ path: String, in folder: String) -> String {
    path.hasPrefix("/") ? path : "\(folder)/\(path.hasPrefix("./") ? path.dropFirst(2) : path[...])"
  }

  /// What follows a folder in the path of something in it; the path itself if it is elsewhere.
  static func relative(_ path: String, to folder: String) -> String {
    // By bytes: letters of several bytes are one character, and a slash and an accent behind it are another one.
    let prefix = Array((folder == "/" ? folder : folder + "/").utf8)
    guard path.utf8.starts(with: prefix) else { return path }
    return String(Substring(path.utf8.dropFirst(prefix.count)))
  }

  /// A folder of its own in the folder for temporary files.
  static func temporaryFolder() throws(CompileError) -> String {
    let named = try environment("TMPDIR")
    do {
      return try temporaryFolder(in: named ?? "/tmp", "merops")
    } catch {
      throw named == nil ? error : CompileError("TMPDIR names \(error.diagnostics[0].message)")
    }
  }

  /// A folder of its own in another.
  static func temporaryFolder(in base: String, _ name: String) throws(CompileError) -> String {
    // Absolute: compilers run in other folders.
    var template = Array("\(resolved(base))/\(name)-XXXXXX".utf8CString)
    let made = Leftovers.making {
      mkdtemp(&template) == nil
        ? nil : String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    guard let made else { throw CompileError("\(base): \(reason)") }
    return made
  }

  /// A variable of the environment; nil where it is empty, too.
  package static func environment(_ name: String) throws(CompileError) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    guard let text = String(validatingCString: value) else {
      throw CompileError("the value of \(name) in the environment is not UTF-8, as Merops needs its paths")
    }
    return text
  }

  /// The path of the folder that a build is relative to, without symbolic links.
  static func root(_ path: String) throws(CompileError) -> String {
    // Swift's driver crashes where it cannot find out in which folder it runs.
    guard let current = realpath(".", nil) else {
      throw CompileError("the current directory no longer exists: change to one that does")
    }
    free(current)
    var status = stat()
    guard stat(path, &status) == 0 else { throw CompileError("the root folder \(path): \(reason)") }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw CompileError("the root folder \(path) is not a directory") }
    return resolved(path)
  }

  /// Whether a path is that of a file that this process may run.
  static func isProgram(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
  }

  /// Removes a folder with all that is in it.
  static func remove(_ folder: String) {
    removeContents(folder)
    rmdir(folder)
    Leftovers.forget(folder)
  }

  static func removeContents(_ folder: String) {
    for entry in entries(folder) {
      let path = "\(folder)/\(entry.name)"
      if entry.isFolder {
        removeContents(path)
        rmdir(path)
      } else {
        unlink(path)
      }
    }
  }

  /// Whether nothing more can be written in a folder.
  static func isFull(_ folder: String) -> Bool {
    var status = statvfs()
    return statvfs(folder, &status) == 0 && (status.f_bavail == 0 || status.f_files > 0 && status.f_favail == 0)
  }

  static var reason: String { String(cString: strerror(errno)) }
}
