# usage: zsh -f zsh_complete.zsh FOLDER-WITH-_neuron-setup 'line as typed'
# A zsh on a terminal of its own gets the line and a Tab; what its completion would offer is printed, a line each.
zmodload zsh/zpty
zpty shell zsh -f -i
send() { zpty -w shell "$1" }
send "PS1=; stty -echo; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D"
send 'compadd() { if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
typeset -a __hits; builtin compadd -A __hits "$@"; (( $#__hits )) && print -r -- "offers: "${(j: :)__hits}; builtin compadd "$@" }'
send 'finish() { print; print -r -- "the"-end; zle kill-buffer; zle accept-line }; zle -N finish; bindkey "^X" finish; LISTMAX=10000; setopt no_auto_menu no_menu_complete; print ready-to-"type"'
zpty -r -m shell line '*ready-to-type*'
zpty -w -n shell "$2"$'\t'$'\C-X'
zpty -r -m shell line '*the-end*'
print -r -- $line | tr -d '\r' | sed -n 's/^.*offers: //p' | tr ' ' '\n'
zpty -d shell
