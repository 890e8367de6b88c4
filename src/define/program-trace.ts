import { cloneData } from '../util/plain-data.js';
import type { StageDeclaration } from './definition.js';
import type { Judge } from './judge.js';
import type { Observer } from './observer.js';
import type { PendingCall } from './task-machine.js';
import type { TokenLayout } from './token-layout.js';
import type { MutableRun, ToolMachine } from './tool-machine.js';
import type { Arguments, ToolCall } from './tool-parameters.js';
import type { ProgramTrace, TraceStep } from './tool-task.js';

/** What programs are traced with. */
export interface TraceParts<Problem, State, Tool extends string, Stage extends StageDeclaration, Milestone extends string> {
  readonly machine: ToolMachine<Problem, State, Tool, Stage, Milestone>;
  readonly judge: Judge<Problem, State, Tool, Stage, Milestone>;
  readonly observer: Observer<Problem, State, Tool, Stage, Milestone>;
  readonly layout: TokenLayout<Tool>;
  readonly horizon: number;
  readonly closedLoop: boolean;
}

/** Executes programs and says what each step did; unguarded. */
export class ProgramTracer<Problem, State, Tool extends string, Stage extends StageDeclaration, Milestone extends string> {
  readonly #parts: TraceParts<Problem, State, Tool, Stage, Milestone>;

  /** @param parts - What programs are traced with. */
  constructor(parts: TraceParts<Problem, State, Tool, Stage, Milestone>) {
    this.#parts = parts;
  }

  /** Executes a program up to its end. */
  trace(problem: Problem, stage: number, actions: ArrayLike<number>): ProgramTrace<State, Tool, Milestone> {
    const { machine, judge } = this.#parts;
    const run = machine.begin(problem, stage);
    const steps: TraceStep<State, Tool, Milestone>[] = [];
    while (run.steps < actions.length && machine.goesOn(run)) {
      steps.push(this.#step(run, actions));
    }
    const success = judge.succeeded(run);
    return { steps, ended: run.ended, success, episodeReturn: judge.episodeReturn(run, success) };
  }

  /** The calls of a traced program; those that were broken off are left out. */
  calls(steps: readonly TraceStep<State, Tool, Milestone>[]): ToolCall<Tool>[] {
    const { tools } = this.#parts.layout;
    return steps.flatMap((step): ToolCall<Tool>[] => {
      const { tool } = step;
      const parameters = tools.find(({ name }) => name === tool)?.parameters ?? [];
      const args: Arguments = step.arguments ?? {};
      if (tool === undefined || Object.keys(args).length < parameters.length) {
        return [];
      }
      return [parameters.length === 0 ? tool : ([tool, args] as const)];
    });
  }

  #step(run: MutableRun<Problem, State>, actions: ArrayLike<number>): TraceStep<State, Tool, Milestone> {
    const { machine, judge, observer, layout, horizon, closedLoop } = this.#parts;
    const before = run.milestones;
    const first = run.steps;
    const heard = closedLoop ? observer.hear(run).map((id) => layout.vocabulary[id] ?? '') : [];
    const texts: string[] = [];
    let args: Arguments = {};
    let applied = false;
    do {
      const token = actions[run.steps] ?? layout.padToken;
      texts.push(layout.vocabulary[token] ?? String(token));
      args = run.pending === undefined ? {} : this.#argued(run.pending, token);
      applied = machine.advance(run, token);
      machine.settle(run);
    } while (run.pending !== undefined && run.steps < actions.length);
    const tool = layout.tools[(actions[first] ?? layout.padToken) - layout.startToken - 1];
    const step = {
      token: texts.join(' '),
      tool: tool?.name,
      applied,
      milestones: judge.milestonesIn(run.milestones & ~before),
      state: cloneData(run.state),
    };
    if (!closedLoop) {
      return step;
    }
    const over = !machine.goesOn(run) || run.steps === horizon;
    return {
      ...step,
      ...(tool === undefined || tool.parameters.length === 0 ? {} : { arguments: args }),
      tokenCount: texts.length,
      heard,
      reward: judge.stepReward(run, before, over),
    };
  }

  /** The arguments of a call after one token more: the same where it is none. */
  #argued({ tool, arguments: args }: PendingCall, token: number): Arguments {
    const parameter = this.#parts.layout.tools.find(({ name }) => name === tool)?.parameters[Object.keys(args).length];
    const value = parameter?.values[parameter.tokens.indexOf(token)];
    return parameter === undefined || value === undefined ? args : { ...args, [parameter.name]: value };
  }
}
