import type { CompiledTool } from './compiled-tool.js';
import type { MachineRun } from './task-machine.js';
import type { Arguments } from './tool-parameters.js';

/** Whether `when` says yes to a tool, or to a call with the arguments so far; unguarded. */
type Usable<Problem, State, Tool extends string, Stage> = (
  run: MachineRun<Problem, State>,
  tool: CompiledTool<Problem, State, Tool, Stage>,
  args: Arguments | undefined,
) => boolean;

/** What may be emitted next, as the definition's `mask` says. Its methods are unguarded. */
export class AllowedTokens<Problem, State, Tool extends string, Stage> {
  readonly #tools: readonly CompiledTool<Problem, State, Tool, Stage>[];
  readonly #size: number;
  readonly #mask: boolean | 'applicable';
  readonly #usable: Usable<Problem, State, Tool, Stage>;

  /**
   * @param tools - The tools.
   * @param size - Tokens of the vocabulary.
   * @param mask - The definition's.
   * @param usable - Asks `when`.
   */
  constructor(
    tools: readonly CompiledTool<Problem, State, Tool, Stage>[],
    size: number,
    mask: boolean | 'applicable',
    usable: Usable<Problem, State, Tool, Stage>,
  ) {
    this.#tools = tools;
    this.#size = size;
    this.#mask = mask;
    this.#usable = usable;
  }

  /** Whether any tool can be used by a program that is not within a call. */
  someApply(run: MachineRun<Problem, State>): boolean {
    return this.#tools.some((tool) => this.#applies(run, tool));
  }

  /**
   * Writes a row of the mask: all for a program that is over; where nothing applies, as if every `when` said yes.
   *
   * @param run - The program.
   * @param out - 1 for each token that may be emitted, else 0.
   * @param offset - Where the row begins.
   * @returns Whether anything applies.
   */
  write(run: MachineRun<Problem, State>, out: Uint8Array, offset: number): boolean {
    if (this.#mask === false || run.ended || run.truncated === true) {
      out.fill(1, offset, offset + this.#size);
      return true;
    }
    out.fill(0, offset, offset + this.#size);
    if (this.#mask === 'applicable') {
      if (this.#mark(run, out, offset, true)) {
        return true;
      }
    }
    this.#mark(run, out, offset, false);
    return this.#mask !== 'applicable';
  }

  #mark(run: MachineRun<Problem, State>, out: Uint8Array, offset: number, applicable: boolean): boolean {
    const { pending } = run;
    let some = false;
    if (pending === undefined) {
      for (const tool of this.#tools) {
        if (!applicable || this.#applies(run, tool)) {
          out[offset + tool.token] = 1;
          some = true;
        }
      }
      return some;
    }
    const tool = this.#tools.find(({ name }) => name === pending.tool);
    const count = Object.keys(pending.arguments).length;
    const parameter = tool?.parameters[count];
    if (tool !== undefined && parameter !== undefined) {
      for (const [token, value] of parameter.valueOf) {
        if (!applicable || this.#leads(run, tool, { ...pending.arguments, [parameter.name]: value }, count + 1)) {
          out[offset + token] = 1;
          some = true;
        }
      }
    }
    return some;
  }

  #applies(run: MachineRun<Problem, State>, tool: CompiledTool<Problem, State, Tool, Stage>): boolean {
    return tool.parameters.length === 0 ? this.#usable(run, tool, undefined) : this.#leads(run, tool, {}, 0);
  }

  /** Whether a call with these first arguments can be completed. */
  #leads(run: MachineRun<Problem, State>, tool: CompiledTool<Problem, State, Tool, Stage>, args: Arguments, count: number): boolean {
    if (tool.when === undefined) {
      return true;
    }
    if (!this.#usable(run, tool, args)) {
      return false;
    }
    const parameter = tool.parameters[count];
    return (
      parameter === undefined || parameter.values.some((value) => this.#leads(run, tool, { ...args, [parameter.name]: value }, count + 1))
    );
  }
}
