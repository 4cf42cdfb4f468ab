// SPDX-License-Identifier: Apache-2.0

/// Completion scripts that know the agent's verbs, too. The agent makes a script for the same word, `merops`: its functions get
/// other names, and the second word of the command line decides whose functions are asked.
struct AgentCompletions {
  /// `bash`, `zsh` or `fish`.
  let shell: String
  /// What merops makes for itself.
  let own: String

  /// A script that completes the verbs of merops and of the agent. Where no agent is installed, the script of merops alone.
  var merged: String {
    guard let program = Programs.find(AgentVerbs.program),
      let agent = Programs.output(of: program, ["--generate-completion-script", shell])
    else { return own }
    let verbs = AgentVerbs.all
    switch shell {
    case "bash": return bash(agent, verbs.map(\.name))
    case "zsh": return zsh(agent, verbs)
    // fish adds up what scripts say of one command.
    case "fish": return own + "\n" + Self.renamed(agent, "agent")
    default: return own
    }
  }

  private func bash(_ agent: String, _ verbs: [String]) -> String {
    """
    \(Self.without("complete -o filenames -F _merops", Self.renamed(own, "tools")))
    \(Self.without("complete -o filenames -F _merops", Self.renamed(agent, "agent")))
    _merops() {
        if [[ "${COMP_CWORD}" -gt 1 ]]; then
            case "${COMP_WORDS[1]}" in
            \(verbs.joined(separator: "|")))
                _merops_agent "${@}"
                return
                ;;
            esac
        fi
        _merops_tools "${@}"
        if [[ "${COMP_CWORD}" -eq 1 ]]; then
            COMPREPLY+=($(compgen -W '\(verbs.joined(separator: " "))' -- "${2}"))
        fi
    }

    complete -o filenames -F _merops merops

    """
  }

  private func zsh(_ agent: String, _ verbs: [(name: String, summary: String)]) -> String {
    let end = #"if [[ "${funcstack[1]}""#
    let described = verbs.map { "'\($0.name):\($0.summary.replacing("'", with: #"'\''"#))'" }
    return """
      \(Self.without(end, Self.renamed(own, "tools")))
      \(Self.without(end, Self.renamed(agent, "agent")).replacing("#compdef merops\n", with: ""))
      _merops() {
          case "${words[2]}" in
          \(verbs.map(\.name).joined(separator: "|")))
              if [[ "${CURRENT}" -gt 2 ]]; then
                  _merops_agent "${@}"
                  return
              fi
              ;;
          esac
          local -i ret=1
          if [[ "${CURRENT}" -eq 2 ]]; then
              local -ar agent_verbs=(\(described.joined(separator: " ")))
              _describe -V 'agent subcommand' agent_verbs && ret=0
          fi
          _merops_tools "${@}" && ret=0
          return "${ret}"
      }

      if [[ "${funcstack[1]}" = _merops ]]; then
          _merops "${@}"
      else
          compdef _merops merops
      fi

      """
  }

  /// The script with other names of functions: `_merops` is `_merops_agent` then.
  private static func renamed(_ script: String, _ name: String) -> String {
    script.replacing("_merops", with: "_merops_\(name)")
  }

  /// The script up to its last part, which begins so.
  private static func without(_ end: String, _ script: String) -> String {
    script.ranges(of: end).last.map { String(script[..<$0.lowerBound]) } ?? script
  }
}
