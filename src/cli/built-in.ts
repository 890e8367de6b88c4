import type { EnvironmentFactory, VectorEnvironmentFactory } from '../environment/environment.js';
import type { Task } from '../task/task.js';

/** What makes environments, as trainers take it. */
export type AnyFactory = EnvironmentFactory | VectorEnvironmentFactory;

/** Tasks that come along, by the names that `--task` takes. */
export const TASKS: Readonly<Record<string, () => Promise<Task>>> = {
  arithmetic: async () => (await import('../builtin/arithmetic/arithmetic.js')).arithmetic as Task,
  commands: async () => (await import('../builtin/commands/commands.js')).commands as Task,
  countdown: async () => (await import('../builtin/countdown/countdown.js')).countdown as Task,
  expressions: async () => (await import('../builtin/expressions/expressions.js')).expressions as Task,
  triage: async () => (await import('../builtin/triage/triage.js')).triage as Task,
};

/** Environments that come along, by the names that `--environment` takes. */
export const ENVIRONMENTS: Readonly<Record<string, () => Promise<AnyFactory>>> = {
  autoencode: () => factory('autoencode'),
  'cart-pole': () => factory('cartPole'),
  'cart-pole-vector': async () => {
    const { cartPoleVector } = await environments();
    return (_, size) => cartPoleVector(size);
  },
  'count-recall': () => factory('countRecall'),
  'guess-number': () => factory('guessNumber'),
  'memory-len': () => factory('memoryLen'),
  'memory-size': () => factory('memorySize'),
  'multiarmed-bandit': () => factory('multiarmedBandit'),
  parity: () => factory('parity'),
  'passive-t-maze': () => factory('passiveTMaze'),
  'repeat-first': () => factory('repeatFirst'),
  'repeat-previous': () => factory('repeatPrevious'),
};

type Environments = typeof import('../environments.js');

/** Those of its exports that make one environment. */
type Maker = {
  [Name in keyof Environments]: Environments[Name] extends () => ReturnType<EnvironmentFactory> ? Name : never;
}[keyof Environments];

async function environments(): Promise<Environments> {
  return import('../environments.js');
}

async function factory(name: Maker): Promise<EnvironmentFactory> {
  const { [name]: make } = await environments();
  return () => make() as ReturnType<EnvironmentFactory>;
}
