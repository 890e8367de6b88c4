import type { StageDeclaration, TaskDefinition } from './definition.js';
import type { ArgumentValue } from './tool-parameters.js';

/** A parameter and the tokens of its values. */
export interface LaidOutParameter {
  readonly name: string;
  readonly values: readonly ArgumentValue[];
  /** Token of each value. */
  readonly tokens: readonly number[];
}

/** A tool and its tokens. */
export interface LaidOutTool<Tool extends string> {
  readonly name: Tool;
  readonly token: number;
  readonly parameters: readonly LaidOutParameter[];
}

/**
 * Which token is what: symbols, start token, tools, values of parameters in the order in which their texts first occur, pad token. Without
 * parameters the pad token follows the tools.
 */
export interface TokenLayout<Tool extends string> {
  readonly vocabulary: readonly string[];
  readonly startToken: number;
  readonly padToken: number;
  readonly tools: readonly LaidOutTool<Tool>[];
}

/**
 * Lays out the tokens of a definition.
 *
 * @param definition - A valid one.
 * @returns The layout.
 */
export function layOutTokens<Problem, State, Tool extends string, Stage extends StageDeclaration, Milestone extends string>(
  definition: TaskDefinition<Problem, State, Tool, Stage, string, Milestone>,
): TokenLayout<Tool> {
  const startToken = definition.symbols.length;
  const names = Object.keys(definition.tools) as Tool[];
  const firstArgument = startToken + 1 + names.length;
  const argumentTokens = new Map<string, number>();
  const tokenOf = (value: ArgumentValue): number => {
    const text = String(value);
    const token = argumentTokens.get(text) ?? firstArgument + argumentTokens.size;
    argumentTokens.set(text, token);
    return token;
  };
  const tools = names.map((name, index): LaidOutTool<Tool> => {
    const parameters = Object.entries(definition.tools[name].parameters ?? {}).map(([parameter, shape]): LaidOutParameter => {
      const values = typeof shape === 'number' ? Array.from({ length: shape }, (_, value) => value) : [...shape];
      return { name: parameter, values, tokens: values.map(tokenOf) };
    });
    return { name, token: startToken + 1 + index, parameters };
  });
  const vocabulary = Object.freeze([
    ...definition.symbols,
    definition.startToken ?? '[CTX]',
    ...names.map((name) => `[${name}]`),
    ...[...argumentTokens.keys()].map(argumentText),
    definition.padToken ?? '[EOS]',
  ]);
  return { vocabulary, startToken, padToken: vocabulary.length - 1, tools };
}

/**
 * @param value - A value of a parameter, as text.
 * @returns How its token is printed.
 */
export function argumentText(value: string): string {
  return `(${value})`;
}
