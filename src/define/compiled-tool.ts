import type { StageDeclaration, TaskDefinition } from './definition.js';
import type { LaidOutParameter, TokenLayout } from './token-layout.js';
import type { Arguments, ArgumentValue } from './tool-parameters.js';

/** A parameter with the value of each token. */
interface CompiledParameter extends LaidOutParameter {
  readonly valueOf: ReadonlyMap<number, ArgumentValue>;
}

/** A tool as the machine executes it. */
export interface CompiledTool<Problem, State, Tool extends string, Stage> {
  readonly name: Tool;
  readonly token: number;
  readonly ends: boolean;
  readonly parameters: readonly CompiledParameter[];
  readonly when: ((state: State, problem: Problem, stage: Stage, args: Arguments) => boolean) | undefined;
  readonly run: ((state: State, problem: Problem, stage: Stage, args: Arguments) => unknown) | undefined;
  readonly whenPath: string;
  readonly runPath: string;
}

/**
 * Puts what a tool does beside its tokens.
 *
 * @param definition - A valid definition.
 * @param layout - Its tokens.
 * @returns The tools, in the order of their tokens.
 */
export function compileTools<Problem, State, Tool extends string, Stage extends StageDeclaration, Milestone extends string>(
  definition: TaskDefinition<Problem, State, Tool, Stage, string, Milestone>,
  layout: TokenLayout<Tool>,
): CompiledTool<Problem, State, Tool, Stage>[] {
  return layout.tools.map(({ name, token, parameters }) => {
    const { when, run, ends = false } = definition.tools[name];
    return {
      name,
      token,
      ends,
      parameters: parameters.map((parameter) => ({
        ...parameter,
        valueOf: new Map(parameter.tokens.map((id, index) => [id, parameter.values[index] ?? 0])),
      })),
      when,
      run,
      whenPath: `task.tools.${name}.when`,
      runPath: `task.tools.${name}.run`,
    };
  });
}
