// SPDX-License-Identifier: Apache-2.0

import MeropsAgent
import MeropsModel
import Testing

struct ConfigurationTests {
  @Test(arguments: [
    (
      "ring: 8MB\nstore:\n  sise: 1GB\n",
      "f:3:3: there is no key `store.sise`; did you mean `store.size`?\n  3 |   sise: 1GB\n    |   ^\n"
    ),
    ("ring: 7MB\n", "f:1:7: `ring` has to be a power of two.\n  1 | ring: 7MB\n    |       ^"),
    ("ring: lots\n", "f:1:7: `ring` has to be a number of bytes, such as 512MiB or 2GiB."),
    ("ring: [1]\n", "f:1:7: `ring` has to be one value, not a list or a block."),
    ("watch: [file, netwrok]\n", "f:1:15: `netwrok` is not a class of events; did you mean `network`?"),
    ("files:\n  repeats: soon\n", "f:2:12: `files.repeats` has to be a time"),
    ("store: disk\n", "f:1:8: `store` has to be a block of keys"),
    ("- a\n", "f:1:1: the file has to consist of keys and values"),
    ("socket: merops.sock\n", "f:1:9: `socket` has to be a path from the root on"),
    ("sinks:\n  - name: a\n    kind: fil\n", "f:3:11: `fil` is not a kind of sink; did you mean `file`?"),
    ("sinks:\n  - name: a\n    pth: /x\n", "f:3:5: a sink has no key `pth`; did you mean `path`?"),
    ("sinks:\n  - name: a\n", "f:2:5: a file needs a `path`"),
    ("sinks:\n  - name: a\n    where: file.pth == 'x'\n", "did you mean `file.path`"),
    ("a: [1\n", "f:2:1: "), ("ring: 8MB\nring: 8MB\n", "the key `ring` stands twice"),
    ("port: 70000\n", "from 1 to 65535"),
    ("limits:\n  fiel: 3\n", "f:2:3: there is no key `limits.fiel`; did you mean `limits.file`?"),
    ("limits:\n  file: 0\n", "f:2:9: `limits.file` has to be a number of events a second from 1 on, or none."),
    ("ignore:\n  programs: [cron]\n", "f:2:14: `ignore.programs` has to be a path from the root on."),
    ("ignore:\n  users: [root, nobdy]\n", "f:2:17: `nobdy` is no user of this machine."),
    ("redact: ['--password']\n", "f:1:10: `redact` is wrong: a pattern has {} once"),
    ("environment: [A=b]\n", "f:1:15: `environment` has to be the name of a variable."),
  ]) func aMistakeIsShownWhereItIs(_ text: String, _ words: String) {
    let error = #expect(throws: AgentError.self) { try ConfigurationFile.read(text, name: "f") }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: ["", "# nothing\n", "store:\n", "{}"]) func whatIsNotThereHasItsDefault(_ text: String) throws {
    #expect(try ConfigurationFile.read(text, name: "f") == Configuration())
  }

  /// Each key is shown, and what is shown is read as the same.
  @Test func whatIsShownIsRead() throws {
    var configuration = Configuration()
    configuration.port = 99
    configuration.group = nil
    configuration.classes = [.process, .dns, .agent, .policy]
    configuration.ringBytes = 64 << 10
    configuration.ignoredDirectories = []
    configuration.limits = [.file: 5000, .dns: 1]
    configuration.ignoredPrograms = ["/usr/bin/rsync", "/opt/it's: odd"]
    configuration.ignoredCgroups = ["/system.slice/backup.service"]
    configuration.ignoredUsers = ["root", "65534"]
    configuration.environmentNames = ["LD_PRELOAD"]
    configuration.redactions = ["--password={}", "--token {}", "*://*:{}@*"]
    configuration.repeatTime = 0
    configuration.withMissingFiles = true
    configuration.watchesUnixSockets = true
    configuration.storage = .memory
    configuration.storeAge = nil
    configuration.tokenFile = "/etc/merops/token"
    var file = SinkSettings()
    (file.name, file.path, file.format, file.keep) = ("lines", "/var/log/x.json", .ocsf, 2)
    file.condition = "process.user.id == 0"
    var collector = SinkSettings()
    (collector.name, collector.kind, collector.url, collector.table) = ("c", .clickhouse, "http://127.0.0.1:8123/", "t")
    configuration.sinks = [file, collector]
    for each in [Configuration(), configuration] {
      let text = ConfigurationFile.text(each)
      #expect(try ConfigurationFile.read(text, name: "f") == each)
      for key in ConfigurationKey.all { #expect(text.contains(key.name.split(separator: ".").last! + ":")) }
    }
  }

  @Test func keysAreUnique() {
    #expect(Set(ConfigurationKey.all.map(\.name)).count == ConfigurationKey.all.count)
    for key in ConfigurationKey.all { #expect(!key.summary.isEmpty && !key.form.isEmpty) }
  }
}
