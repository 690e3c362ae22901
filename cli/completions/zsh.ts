/** Completion for zsh: a file for $fpath. Source: zshcompsys(1), _arguments and _describe. Pure. */
import { type CompletedCommand, type CompletedFlag, quoted, type Words } from "./words.ts";

export function renderZsh({ commands, global }: Words): string {
  return `#compdef neuron-setup
# zsh completion for neuron-setup; made by: neuron-setup completions zsh

_neuron-setup() {
  local context state state_descr line
  typeset -A opt_args
  local -a everywhere=(
${global.map((flag) => `    ${flagSpec(flag)}`).join("\n")}
  )
  _arguments -C $everywhere '1:command:->command' '*::word:->word' && return
  case $state in
    command)
      local -a commands=(
${commands.map(({ name, summary }) => `        ${described(name, summary)}`).join("\n")}
        ${described("help", "what a command is for, with examples")}
      )
      _describe -t commands command commands ;;
    word)
      case $words[1] in
${commands.map(renderCase).join("\n")}
        help) local -a topics=(${
    commands.map(({ name }) => quoted(name)).join(" ")
  }); _describe -t commands command topics ;;
      esac ;;
  esac
}

# Read as a file of $fpath it is the function; by \`source\` it is bound.
if [[ $funcstack[1] == _neuron-setup ]]; then _neuron-setup "$@"; else compdef _neuron-setup neuron-setup; fi
`;
}

/** In a description of _describe a colon ends the name. */
const described = (name: string, summary: string) => quoted(`${name.replaceAll(":", "\\:")}:${summary}`);

const actions = { file: ":file:_files", folder: ":folder:_files -/", text: ":value: " } as const;

/** `*--name=[help]:file:_files`; `*` where it may be given more than once. */
function flagSpec({ name, help, value, many }: CompletedFlag): string {
  const text = help.replaceAll(/[\[\]\\]/g, "\\$&").replaceAll(":", "\\:");
  return quoted(`${many ? "*" : ""}--${name}[${text}]${value === null ? "" : actions[value]}`);
}

function renderCase({ name, verbs, flags, takesFiles }: CompletedCommand): string {
  const specs = flags.map(flagSpec);
  const words = [
    ...(verbs.length === 0 ? [] : [quoted(`1:verb:(${verbs.join(" ")})`)]),
    ...(takesFiles ? [quoted("*:file:_files")] : []),
  ];
  const all = ["$everywhere", ...specs, ...words].map((spec) => `          ${spec}`);
  return `        ${name}) _arguments \\\n${all.join(" \\\n")} ;;`;
}
