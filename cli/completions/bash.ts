/** Completion for bash: one function, for `complete -F`. Source: bash(1), "Programmable Completion". Pure. */
import { type CompletedCommand, type CompletedFlag, flagsWith, quoted, type Words } from "./words.ts";

export function renderBash(words: Words): string {
  const pattern = (kind: CompletedFlag["value"]) => flagsWith(words, kind).join("|");
  return `# bash completion for neuron-setup; made by: neuron-setup completions bash
_neuron_setup() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="" command="" verb="" word at skip=0
  COMPREPLY=()
  ((COMP_CWORD > 0)) && previous="\${COMP_WORDS[COMP_CWORD-1]}"
  for ((at = 1; at < COMP_CWORD; at++)); do
    word="\${COMP_WORDS[at]}"
    if ((skip)); then
      skip=0
    elif [[ $word =~ ^(${
    ["file", "folder", "text"].map((kind) => pattern(kind as CompletedFlag["value"])).join("|")
  })$ ]]; then
      skip=1
    elif [[ $word == -* ]]; then
      continue
    elif [[ -z $command ]]; then
      command="$word"
    elif [[ -z $verb ]]; then
      verb="$word"
    fi
  done
  case "$previous" in
    ${pattern("folder")}) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
    ${pattern("file")}) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
    ${pattern("text")}) return ;;
  esac
  local verbs="" flags=${quoted(flagWords(words.global))} files=0
  case "$command" in
    "") verbs=${quoted([...words.commands.map(({ name }) => name), "help"].join(" "))} ;;
${words.commands.map(renderCase).join("\n")}
    help) [[ -n $verb ]] || verbs=${quoted(words.commands.map(({ name }) => name).join(" "))} ;;
    *) return ;;
  esac
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$current")
  elif [[ -z $verb && -n $verbs ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$current")
  elif ((files)); then
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}
complete -F _neuron_setup neuron-setup
`;
}

const flagWords = (flags: readonly CompletedFlag[]) => flags.map(({ name }) => `--${name}`).join(" ");

function renderCase({ name, verbs, flags, takesFiles }: CompletedCommand): string {
  const parts = [
    ...(verbs.length === 0 ? [] : [`verbs=${quoted(verbs.join(" "))}`]),
    ...(flags.length === 0 ? [] : [`flags+=${quoted(` ${flagWords(flags)}`)}`]),
    ...(takesFiles ? ["files=1"] : []),
  ];
  return `    ${name}) ${parts.length === 0 ? ":" : parts.join("; ")} ;;`;
}
