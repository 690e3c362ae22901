# usage: zsh -f bash_complete.zsh FILE 'line as typed'
# An interactive bash on a terminal of its own gets the line and a Tab; what it lists, or completes to, is printed.
zmodload zsh/zpty
zpty shell "env INPUTRC=/dev/null TERM=dumb bash --norc --noprofile -i"
send() { zpty -w shell "$1" }
send "PS1=; stty -echo; bind 'set show-all-if-ambiguous on'; bind 'set completion-display-width 1'; bind 'set completion-query-items 0'"
send "bind 'set page-completions off'; bind 'set bell-style none'; source $1; echo ready-to-\"type\""
zpty -r -m shell line '*ready-to-type*'
zpty -w -n shell "$2"$'\t\C-a\C-k'
zpty -w shell "printf '%s-%s\n' the end"
zpty -r -m shell line '*the-end*'
print -r -- $line | tr -d '\r\a' | sed -e '/the-end/d' -e '/^the /d'
zpty -d shell
