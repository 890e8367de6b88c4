import { notBoolean, refuseDeferred, requireData } from '../task/returned.js';
import { cloneData, dataKey } from '../util/plain-data.js';
import { AllowedTokens } from './allowed-tokens.js';
import type { CallSite } from './call-site.js';
import { type CompiledTool, compileTools } from './compiled-tool.js';
import type { StageDeclaration, TaskDefinition } from './definition.js';
import type { Judge } from './judge.js';
import type { Observer } from './observer.js';
import { stageAt } from './stage-names.js';
import type { MachineCall, MachineOutcome, MachineRun, MachineTool, PendingCall, TaskMachine } from './task-machine.js';
import type { TokenLayout } from './token-layout.js';
import type { Arguments } from './tool-parameters.js';

/** A run as the machine sees it: the one place where it is not read-only. Only those of closed-loop tasks have the last two. */
export interface MutableRun<Problem, State> {
  problem: Problem;
  stage: number;
  state: State;
  milestones: number;
  steps: number;
  ended: boolean;
  truncated?: boolean;
  pending?: PendingCall | undefined;
}

/** What a {@link ToolMachine} is made of. */
export interface MachineParts<Problem, State, Tool extends string, Stage extends StageDeclaration, Milestone extends string> {
  readonly site: CallSite;
  readonly layout: TokenLayout<Tool>;
  readonly judge: Judge<Problem, State, Tool, Stage, Milestone>;
  readonly observer: Observer<Problem, State, Tool, Stage, Milestone>;
  /** Whether what may be emitted or heard depends on what was emitted before. */
  readonly closedLoop: boolean;
}

/** A tool that is to run now, and with what. */
interface Due<Problem, State, Tool extends string, Stage> {
  readonly tool: CompiledTool<Problem, State, Tool, Stage>;
  readonly args: Arguments | undefined;
}

/** No arguments yet. */
const NO_ARGUMENTS: Arguments = Object.freeze({});

/** The machine of a definition. Every call into the user's functions leaves its place in the call site. */
export class ToolMachine<Problem, State, Tool extends string, Stage extends StageDeclaration, Milestone extends string>
  implements TaskMachine<Problem, State, Tool>
{
  readonly tools: readonly MachineTool<Tool>[];
  readonly canIdle: boolean;
  readonly closedLoop: boolean;
  readonly answersRefusals: boolean;
  readonly allowedTokens: AllowedTokens<Problem, State, Tool, Stage>;

  readonly #definition: TaskDefinition<Problem, State, Tool, Stage, string, Milestone>;
  readonly #parts: MachineParts<Problem, State, Tool, Stage, Milestone>;
  /** Token id → tool, as it is due where it has no parameters. */
  readonly #byToken: readonly (Due<Problem, State, Tool, Stage> | undefined)[];
  readonly #byName: ReadonlyMap<string, CompiledTool<Problem, State, Tool, Stage>>;

  /**
   * @param definition - A valid definition.
   * @param parts - What it is made of.
   */
  constructor(
    definition: TaskDefinition<Problem, State, Tool, Stage, string, Milestone>,
    parts: MachineParts<Problem, State, Tool, Stage, Milestone>,
  ) {
    this.#definition = definition;
    this.#parts = parts;
    const tools = compileTools(definition, parts.layout);
    this.tools = parts.layout.tools.map(({ name, token, parameters }, index) =>
      Object.freeze({
        name,
        token,
        ends: tools[index]?.ends ?? false,
        runs: tools[index]?.run !== undefined,
        ...(parameters.length === 0 ? {} : { parameters }),
      }),
    );
    this.canIdle = definition.mask === false;
    this.closedLoop = parts.closedLoop;
    this.answersRefusals = definition.onRefused !== undefined;
    this.#byToken = [
      ...Array.from({ length: parts.layout.startToken + 1 }, () => undefined),
      ...tools.map((tool) => ({ tool, args: undefined })),
    ];
    this.#byName = new Map(tools.map((tool) => [tool.name, tool]));
    this.allowedTokens = new AllowedTokens(tools, parts.layout.vocabulary.length, definition.mask ?? true, (run, tool, args) =>
      this.#usable(run, tool, args),
    );
  }

  /** Begins a program, unguarded. */
  begin(problem: Problem, stage: number): MutableRun<Problem, State> {
    const { site, closedLoop } = this.#parts;
    site.where = 'task.start';
    const state = this.#definition.start(problem, stageAt(this.#definition.stages, stage));
    requireData(state, site.where);
    return closedLoop
      ? { problem, stage, state, milestones: 0, steps: 0, ended: false, truncated: false, pending: undefined }
      : { problem, stage, state, milestones: 0, steps: 0, ended: false };
  }

  /** Executes one token in place, unguarded, and does not ask whether any tool applies after it. */
  advance(run: MutableRun<Problem, State>, token: number): boolean {
    const due = this.#take(run, token);
    if (due === undefined) {
      return false;
    }
    const { site } = this.#parts;
    const { tool, args } = due;
    if (tool.run !== undefined) {
      site.where = tool.runPath;
      const result = call(tool.run, run, stageAt(this.#definition.stages, run.stage), args);
      if (result !== undefined) {
        refuseDeferred(result, site.where);
      }
    }
    this.#conclude(run, tool);
    return true;
  }

  /** Marks a program that no tool can go on with, unguarded. */
  settle(run: MutableRun<Problem, State>): void {
    if (this.#definition.mask === 'applicable' && !run.ended && run.pending === undefined && !this.allowedTokens.someApply(run)) {
      run.truncated = true;
    }
  }

  /** Whether a program goes on: neither ended nor truncated. */
  goesOn(run: MachineRun<Problem, State>): boolean {
    return !(run.ended || run.truncated === true);
  }

  start(problem: Problem, stage: number): MachineRun<Problem, State> {
    return this.#parts.site.guard(() => this.begin(problem, stage));
  }

  step(run: MutableRun<Problem, State>, token: number): boolean {
    return this.#parts.site.guard(() => {
      const applied = this.advance(run, token);
      this.settle(run);
      return applied;
    });
  }

  take(run: MutableRun<Problem, State>, token: number): MachineCall<Tool> | undefined {
    return this.#parts.site.guard(() => {
      const due = this.#take(run, token);
      if (due === undefined) {
        this.settle(run);
        return undefined;
      }
      return { tool: due.tool.name, arguments: due.args ?? NO_ARGUMENTS };
    });
  }

  conclude(run: MutableRun<Problem, State>, { tool: name }: MachineCall<Tool>): void {
    this.#parts.site.guard(() => {
      const tool = this.#byName.get(name);
      if (tool === undefined) {
        throw new RangeError(`no tool ${name}`);
      }
      this.#conclude(run, tool);
      this.settle(run);
    });
  }

  allowed(run: MachineRun<Problem, State>): number[] {
    const { site, layout } = this.#parts;
    const allowed = new Uint8Array(layout.vocabulary.length);
    site.guard(() => this.allowedTokens.write(run, allowed, 0));
    return Array.from(allowed.keys()).filter((token) => allowed[token] === 1);
  }

  heard(run: MachineRun<Problem, State>): string[] {
    const { site, layout, observer } = this.#parts;
    return site.guard(() => observer.hear(run).map((id) => layout.vocabulary[id] ?? ''));
  }

  fork(run: MachineRun<Problem, State>): MachineRun<Problem, State> {
    this.#parts.site.where = 'task.start';
    return this.#parts.site.guard(() => ({ ...run, state: cloneData(run.state) }));
  }

  key(run: MachineRun<Problem, State>): string {
    const { site } = this.#parts;
    site.where = 'task.start';
    return site.guard(() => {
      const call = run.pending === undefined ? '' : `${run.pending.tool}${dataKey(run.pending.arguments)}`;
      const over = run.truncated === true ? 't' : 'e';
      return `${this.goesOn(run) ? 'r' : over}${run.milestones}${call}${dataKey(run.state)}`;
    });
  }

  outcome(run: MachineRun<Problem, State>): MachineOutcome {
    const { site, judge } = this.#parts;
    return site.guard(() => {
      const success = judge.succeeded(run);
      return { success, episodeReturn: judge.episodeReturn(run, success) };
    });
  }

  /** Takes one token, and says which tool is to run for it. */
  #take(run: MutableRun<Problem, State>, token: number): Due<Problem, State, Tool, Stage> | undefined {
    run.steps += 1;
    if (run.pending !== undefined) {
      return this.#argue(run, run.pending, token);
    }
    const due = this.#byToken[token];
    if (due === undefined) {
      return undefined;
    }
    if (due.tool.parameters.length > 0) {
      run.pending = { tool: due.tool.name, arguments: NO_ARGUMENTS };
      return undefined;
    }
    return this.#admit(run, due);
  }

  /** One token of a call that waits for arguments. */
  #argue(run: MutableRun<Problem, State>, pending: PendingCall, token: number): Due<Problem, State, Tool, Stage> | undefined {
    const tool = this.#byName.get(pending.tool);
    const count = Object.keys(pending.arguments).length;
    const parameter = tool?.parameters[count];
    if (tool === undefined || parameter === undefined) {
      throw new RangeError(`no parameter ${count} of ${pending.tool}`);
    }
    run.pending = undefined;
    const value = parameter.valueOf.get(token);
    if (value === undefined) {
      return this.#refuse(run, tool);
    }
    const args = Object.freeze({ ...pending.arguments, [parameter.name]: value });
    if (count + 1 < tool.parameters.length) {
      run.pending = { tool: tool.name, arguments: args };
      return undefined;
    }
    return this.#admit(run, { tool, args });
  }

  #admit(run: MutableRun<Problem, State>, due: Due<Problem, State, Tool, Stage>): Due<Problem, State, Tool, Stage> | undefined {
    return due.tool.when === undefined || this.#usable(run, due.tool, due.args) ? due : this.#refuse(run, due.tool);
  }

  /** What follows from a tool that has run. */
  #conclude(run: MutableRun<Problem, State>, tool: CompiledTool<Problem, State, Tool, Stage>): void {
    run.milestones = this.#parts.judge.reach(run, stageAt(this.#definition.stages, run.stage));
    run.ended = tool.ends;
  }

  #usable(run: MachineRun<Problem, State>, tool: CompiledTool<Problem, State, Tool, Stage>, args: Arguments | undefined): boolean {
    if (tool.when === undefined) {
      return true;
    }
    const { site } = this.#parts;
    site.where = tool.whenPath;
    const usable: unknown = call(tool.when, run, stageAt(this.#definition.stages, run.stage), args);
    if (typeof usable !== 'boolean') {
      throw notBoolean(usable, site.where);
    }
    return usable;
  }

  #refuse(run: MutableRun<Problem, State>, tool: CompiledTool<Problem, State, Tool, Stage>): undefined {
    const { onRefused, stages } = this.#definition;
    if (onRefused !== undefined) {
      const { site, judge } = this.#parts;
      const stage = stageAt(stages, run.stage);
      site.where = 'task.onRefused';
      const result: unknown = onRefused(run.state, run.problem, stage, tool.name);
      if (result !== undefined) {
        refuseDeferred(result, site.where);
      }
      run.milestones = judge.reach(run, stage);
    }
    return undefined;
  }
}

/** Tools without parameters are called without arguments, as if there were no such thing. */
function call<Problem, State, Stage, Result>(
  action: (state: State, problem: Problem, stage: Stage, args: Arguments) => Result,
  { state, problem }: MachineRun<Problem, State>,
  stage: Stage,
  args: Arguments | undefined,
): Result {
  return args === undefined
    ? (action as (state: State, problem: Problem, stage: Stage) => Result)(state, problem, stage)
    : action(state, problem, stage, args);
}
