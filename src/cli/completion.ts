import type { Command, Option } from 'commander';

export type ShellName = 'bash' | 'zsh' | 'fish';

/** One command of the tree, by the words that lead to it: none for the program itself. */
interface Place {
  words: readonly string[];
  description: string;
  commands: readonly string[];
  /** What its arguments may be, where that is a short list. */
  choices: readonly string[];
  options: readonly Option[];
}

/**
 * A script that completes commands, options and their choices in that shell. It is made from the commands as they are,
 * so it knows all of them and nothing else; it starts no process while you type.
 */
export function completionScript(program: Command, shell: ShellName): string {
  const places = placesOf(program, []);
  switch (shell) {
    case 'bash':
      return bashScript(places);
    case 'zsh':
      return `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(places)}`;
    case 'fish':
      return fishScript(places);
  }
}

function placesOf(command: Command, words: readonly string[]): Place[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const own = {
    words,
    description: command.description(),
    commands: commands.map((child) => child.name()),
    choices: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
    options: help.visibleOptions(command),
  };
  return [own, ...commands.flatMap((child) => placesOf(child, [...words, child.name()]))];
}

function bashScript(places: readonly Place[]): string {
  const paths = places.filter(({ words }) => words.length > 0).map(pathOf);
  const valued = places.flatMap((place) =>
    place.options.filter(takesValue).map((option) => ({ option, at: `${pathOf(place)} ${option.long}` })),
  );
  const chosen = valued.flatMap(({ option, at }) =>
    option.argChoices === undefined ? [] : [`    "${at}") words="${option.argChoices.join(' ')}" ;;`],
  );
  const free = valued.filter(({ option }) => option.argChoices === undefined).map(({ at }) => at);
  const words = places.map(
    (place) =>
      `        "${pathOf(place)}") words="${[...place.commands, ...place.choices, ...place.options.flatMap(spellings)].join(' ')}" ;;`,
  );
  return `# Completes waybill in bash. In ~/.bashrc: source <(waybill completion bash)
_waybill() {
  local word="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}" path="" words="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path \${COMP_WORDS[i]}" in
      ${anyOf(paths)}) path="$path \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path $previous" in
${chosen.join('\n')}
    ${anyOf(free)}) ;; # a value of any kind: bash offers files
    *)
      case "$path" in
${words.join('\n')}
      esac
      ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _waybill waybill
`;
}

/** A pattern of `case` that any of the texts matches. */
function anyOf(texts: readonly string[]): string {
  return texts.map((text) => `"${text}"`).join(' | ');
}

function fishScript(places: readonly Place[]): string {
  const lines = places.flatMap((place) => {
    const when = `-n '__waybill_is_at ${place.words.join(' ')}'`;
    const commands = place.commands.map((name) => {
      const child = places.find(({ words }) => words.join(' ') === [...place.words, name].join(' '));
      return `complete -c waybill -f ${when} -a ${name} -d '${quoted(child?.description ?? '')}'`;
    });
    const choices = place.choices.map((choice) => `complete -c waybill -f ${when} -a ${choice}`);
    return [
      ...commands,
      ...choices,
      ...place.options.map((option) => `complete -c waybill ${when} ${fishOption(option)}`),
    ];
  });
  const known = places.filter(({ words }) => words.length > 0).map(({ words }) => `'${words.join(' ')}'`);
  return `# Completes waybill in fish. Once: waybill completion fish > ~/.config/fish/completions/waybill.fish
function __waybill_is_at
    set -l path
    for word in (commandline -opc)[2..]
        set -l longer (string trim -- "$path $word")
        contains -- $longer ${known.join(' ')}; and set path $longer
    end
    test "$path" = "$argv"
end
${lines.join('\n')}
`;
}

function fishOption(option: Option): string {
  const long = option.long === undefined ? '' : `-l ${option.long.slice(2)}`;
  const short = option.short === undefined ? '' : ` -s ${option.short.slice(1)}`;
  const choices = option.argChoices === undefined ? '' : ` -x -a '${option.argChoices.join(' ')}'`;
  const value = takesValue(option) && choices === '' ? ' -r' : '';
  return `${long}${short}${value}${choices} -d '${quoted(option.description)}'`;
}

function pathOf({ words }: Place): string {
  return words.map((word) => ` ${word}`).join('');
}

function takesValue(option: Option): boolean {
  return option.required || option.optional;
}

function spellings(option: Option): string[] {
  return [option.long, option.short].filter((name) => name !== undefined);
}

/** Inside single quotes of fish (fishshell.com/docs/current/language.html#quotes). */
function quoted(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}
