/**
 * What a shell is given to complete our command lines: a few lines that hand the words on to the program itself, so that
 * an update of the program is all that a new command needs. Words are taken from the whole line: bash breaks host:port.
 */
export const SHELLS = ['bash', 'zsh'] as const;
export type Shell = (typeof SHELLS)[number];

/** Said in the place of candidates where a file is meant. */
export const FILES = ':files';

export function shellScript(shell: Shell, program: string): string {
  const name = `_${program.replaceAll('-', '_')}`;
  return shell === 'bash' ? bash(program, name) : zsh(program, name);
}

function bash(program: string, name: string): string {
  return `# bash completion for ${program}; to be sourced, or kept in a folder like /etc/bash_completion.d
${name}() {
  local program=\${1/#\~\//$HOME/} line=\${COMP_LINE:0:COMP_POINT} words current breaks='' prefix='' candidate
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  current=\${words[\${#words[@]}-1]}
  [[ $COMP_WORDBREAKS == *:* ]] && breaks+=':'
  [[ $COMP_WORDBREAKS == *=* ]] && breaks+='='
  # What stands before the last break is a word of its own to bash, and must not be put in a second time.
  [[ -n $breaks ]] && prefix=\${current%"\${current##*[$breaks]}"}
  COMPREPLY=()
  while IFS= read -r candidate; do
    if [[ $candidate == '${FILES}' ]]; then
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
    fi
    COMPREPLY+=("\${candidate#"$prefix"}")
  done < <("$program" completion words "\${words[@]:1}" 2>/dev/null)
  [[ \${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null
  return 0
}
complete -F ${name} ${program}
`;
}

function zsh(program: string, name: string): string {
  return `#compdef ${program}
# zsh completion for ${program}; to be sourced, or kept as _${program} in a folder of fpath
${name}() {
  local -a candidates
  candidates=("\${(@f)$("\${words[1]}" completion words "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ \${candidates[1]} == '${FILES}' ]]; then
    _files
  elif [[ -n \${candidates[1]} ]]; then
    compadd -- "\${candidates[@]}"
  fi
}
if [[ \${funcstack[1]} == _${program} ]]; then
  ${name} "$@"
else
  compdef ${name} ${program}
fi
`;
}
