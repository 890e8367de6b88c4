import type { MachineOutcome, MachineRun, TaskMachine } from '../task-machine.js';

/** A state of one problem: everything about a program under way but its number of steps, which only programs that are over keep. */
interface Node<Problem, State> {
  readonly run: MachineRun<Problem, State>;
  /** Token → node after it; for those that end the program, token and steps → node. Absent until asked for. */
  readonly next: (number | undefined)[];
  /** What the program is worth if it stays here. */
  outcome: MachineOutcome | undefined;
  choices: readonly number[] | undefined;
  view: string | undefined;
}

/** What a search walks: states by number, 0 the start. */
export interface Walkable {
  /** The state after a token, of which `steps` says the place in the program, from 1. */
  next(id: number, token: number, steps: number): number;
  /** The tokens that do something and may be emitted here: tools, or within a call values of the next parameter. */
  choices(id: number): readonly number[];
  /** Whether the program is over: no token changes this state any more. */
  ended(id: number): boolean;
  /** Whether a call waits for arguments here. */
  within(id: number): boolean;
  /** What the program is worth if it stays here, `[problems]`. */
  outcomes(id: number): readonly MachineOutcome[];
}

/** The states of one problem, made as they are reached, so that each token is executed once on each. */
export class Graph<Problem, State, Tool extends string> implements Walkable {
  readonly #nodes: Node<Problem, State>[] = [];
  readonly #machine: TaskMachine<Problem, State, Tool>;
  readonly #horizon: number;
  readonly #ids = new Map<string, number>();
  /** One more than the highest token that a choice can be. */
  readonly #size: number;
  /** Whether a token that makes no tool run may change the state all the same. */
  readonly #alwaysChanges: boolean;
  /** In open loop, the choices of every state. */
  readonly #fixedChoices: readonly number[] | undefined;

  constructor(machine: TaskMachine<Problem, State, Tool>, problem: Problem, stage: number, horizon: number) {
    this.#machine = machine;
    this.#horizon = horizon;
    this.#size =
      1 + Math.max(...machine.tools.flatMap(({ token, parameters = [] }) => [token, ...parameters.flatMap(({ tokens }) => tokens)]));
    this.#alwaysChanges = machine.closedLoop === true || machine.answersRefusals === true;
    this.#fixedChoices = machine.closedLoop === true ? undefined : machine.tools.map(({ token }) => token);
    this.#intern(machine.start(problem, stage));
  }

  next(id: number, token: number, steps: number): number {
    const node = this.#node(id);
    const slot = token + steps * this.#size;
    let next = node.next[token] ?? node.next[slot];
    if (next === undefined) {
      const run = this.#machine.fork({ ...node.run, steps: steps - 1 });
      const applied = this.#machine.step(run, token);
      next = applied || this.#alwaysChanges ? this.#intern(run) : id;
      node.next[isOver(run) ? slot : token] = next;
    }
    return next;
  }

  choices(id: number): readonly number[] {
    if (this.#fixedChoices !== undefined) {
      return this.#fixedChoices;
    }
    const node = this.#node(id);
    node.choices ??= this.#choices(node.run);
    return node.choices;
  }

  ended(id: number): boolean {
    return isOver(this.#node(id).run);
  }

  within(id: number): boolean {
    return this.#node(id).run.pending !== undefined;
  }

  outcome(id: number): MachineOutcome {
    const node = this.#node(id);
    const { run } = node;
    node.outcome ??= this.#machine.outcome(isOver(run) ? run : { ...run, steps: this.#horizon });
    return node.outcome;
  }

  outcomes(id: number): readonly MachineOutcome[] {
    return [this.outcome(id)];
  }

  /** A text that is equal where the network hears the same and may emit the same. */
  view(id: number): string {
    if (this.#fixedChoices !== undefined) {
      return '';
    }
    const node = this.#node(id);
    node.view ??= JSON.stringify([this.#machine.heard(node.run), this.#machine.allowed(node.run)]);
    return node.view;
  }

  #choices(run: MachineRun<Problem, State>): readonly number[] {
    const { pending } = run;
    const { tools } = this.#machine;
    const allowed = new Set(this.#machine.allowed(run));
    const parameters = tools.find(({ name }) => name === pending?.tool)?.parameters;
    const tokens = parameters?.[Object.keys(pending?.arguments ?? {}).length]?.tokens ?? tools.map(({ token }) => token);
    return tokens.filter((token) => allowed.has(token));
  }

  #intern(run: MachineRun<Problem, State>): number {
    const key = `${isOver(run) ? run.steps : ''}${this.#machine.key(run)}`;
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#nodes.length;
      this.#nodes.push({ run, next: [], outcome: undefined, choices: undefined, view: undefined });
      this.#ids.set(key, id);
    }
    return id;
  }

  #node(id: number): Node<Problem, State> {
    const node = this.#nodes[id];
    if (node === undefined) {
      throw new RangeError(`no node ${id}`);
    }
    return node;
  }
}

function isOver(run: MachineRun<unknown, unknown>): boolean {
  return run.ended || run.truncated === true;
}
