/** An option of a command. */
export interface OptionSpec {
  /** What stands for its value in the help; absent: the option is a switch, and has none. */
  readonly value?: string;
  /** What it means. */
  readonly means: string;
  /** One letter for it. */
  readonly short?: string;
  /** Whether it may be given more than once. */
  readonly multiple?: true;
}

/** What was typed, read. */
export interface Input {
  /** @param option - Its name. @returns Its value; undefined where it was not given. */
  text(option: string): string | undefined;
  /** @param option - A name of one that may be given more than once. @returns Its values. */
  texts(option: string): readonly string[];
  /** What stands beside the options, in order. */
  readonly arguments: readonly string[];
  /** Where the command prints. */
  readonly out: Output;
}

/** Where a command prints. */
export interface Output {
  /** Whether nothing is shown while it works. */
  readonly silent: boolean;
  /** Whether standard output is for people. */
  readonly plain: boolean;
  /** @param text - For people: a line, or several; on standard output. Nothing with `--quiet` and `--json`. */
  say(text: string): void;
  /** @param text - How it goes, on standard error; nothing with `--quiet`. */
  note(text: string): void;
}

/** How a command ended. */
export interface Outcome {
  /** 0: fine; 1: something failed, or was found; 130: interrupted. */
  readonly exitCode: 0 | 1 | 130;
  /** What `--json` prints: plain data. */
  readonly document: Readonly<Record<string, unknown>>;
}

/** A command of the terminal. */
export interface Command {
  /** How it is called, such as `innate train`. */
  readonly name: string;
  /** What it does, one sentence. */
  readonly does: string;
  /** What stands beside the options, such as `FOLDER`: so many words, all of them needed. */
  readonly takes: readonly string[];
  /** Its options but `--help`, `--json` and `--quiet`, which all have. */
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Whole lines as they are typed. */
  readonly examples: readonly string[];
  /** @param input - What was typed. @returns How it ended. */
  run(input: Input): Promise<Outcome>;
}

/** Options that all commands have. */
export const COMMON_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  json: { means: 'one JSON document on standard output, and nothing else there' },
  quiet: { means: 'prints nothing but errors, and what --json prints', short: 'q' },
  help: { means: 'prints this', short: 'h' },
};
