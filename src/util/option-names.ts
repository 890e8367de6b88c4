import { setAdviser } from './value-reader.js';

/** What Stable-Baselines3, Gymnasium, CleanRL and PyTorch call an option that has another name here; small letters alone. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  learningRate: ['lr', 'stepsize', 'actorlr'],
  entropyCoef: ['entcoef', 'entropycoefficient', 'entropyweight'],
  valueCoef: ['vfcoef', 'valuelosscoef', 'valuecoefficient', 'criticcoef'],
  maxGradNorm: ['gradclip', 'clipgradnorm', 'gradientclip', 'clipnorm'],
  beta1: ['betas'],
  epsilon: ['eps', 'adameps', 'adamepsilon', 'rmspropeps'],
  envCount: ['nenvs', 'numenvs'],
  rolloutSteps: ['nsteps', 'numsteps'],
  maxSteps: ['totaltimesteps', 'totalsteps', 'maxiterations'],
  updateEpochs: ['nepochs', 'ppoepochs', 'noptepochs', 'epochs'],
  minibatches: ['nminibatches', 'numminibatches', 'nummb', 'batchsize', 'minibatchsize'],
  clipRange: ['clipcoef', 'clipparam', 'clipeps', 'clipratio'],
  valueClipRange: ['cliprangevf', 'vfclipparam', 'clipvloss'],
  gaeLambda: ['lambda', 'lam', 'gaelam'],
  gamma: ['discount', 'discountfactor'],
  normalizeAdvantage: ['normadv', 'normalizeadvantages'],
  normalizeObservations: ['normobs', 'normalizeobs', 'vecnormalize'],
  normalizeRewards: ['normreward', 'normalizereward'],
  environment: ['env', 'envfn', 'makeenv', 'envs', 'envid'],
  layers: ['numlayers', 'nlstmlayers', 'rnnlayers'],
  batchSize: ['nenvs', 'numenvs', 'envcount', 'nsteps', 'numsteps', 'rolloutsteps'],
  maxIterations: ['totaltimesteps', 'totalsteps', 'epochs', 'maxepochs', 'numupdates'],
  evaluateEvery: ['evalfreq', 'evalinterval'],
  evaluationProblems: ['nevalepisodes', 'evalepisodes'],
  progress: ['verbose', 'callback', 'callbacks', 'progressbar', 'onprogress', 'onevent'],
  hiddenSize: ['netarch', 'hiddendim', 'hiddenunits', 'lstmhiddensize'],
  threads: ['numthreads', 'numworkers', 'njobs'],
  device: ['cuda', 'gpu'],
  task: ['env', 'environment'],
  pooling: ['contextpooling', 'batchcontext'],
  agent: ['model', 'policy'],
  signal: ['abortsignal', 'abortcontroller'],
  deterministic: ['greedy', 'stochastic'],
  size: ['nenvs', 'numenvs', 'envcount'],
  problems: ['nevalepisodes', 'evalepisodes', 'episodes'],
  episodes: ['nevalepisodes', 'evalepisodes', 'problems'],
  evaluationEpisodes: ['nevalepisodes', 'evalepisodes', 'evaluationproblems'],
};

/** Options of these libraries that have no counterpart here. */
const ABSENT: ReadonlyMap<string, string> = new Map([
  ...['gamma', 'discountfactor'].map((name) => [name, 'There is no discount: a program is scored as a whole.'] as const),
  ...['gaelambda', 'usegae', 'normalizeadvantage'].map((name) => [name, 'Advantages follow from the option baseline.'] as const),
  ...['cliprange', 'clipcoef', 'nepochs', 'updateepochs', 'nminibatches', 'targetkl'].map(
    (name) => [name, 'An update is one step of A2C: it has no ratio to clip and no epochs.'] as const,
  ),
]);

/**
 * Says what a caller meant by a name that is no option.
 *
 * @param key - The name.
 * @param options - The options there are.
 * @returns One sentence for a misspelled option, or one of another library; `undefined` for any other name.
 */
export function adviseOn(key: string, options: ReadonlySet<string>): string | undefined {
  const meant = meantBy(key, options);
  return meant === undefined ? ABSENT.get(plainName(key)) : `Did you mean ${meant}?`;
}

/**
 * @param key - A name that is no option.
 * @param options - The options there are.
 * @returns The one that was meant, where it is misspelled or has another name in other libraries.
 */
export function meantBy(key: string, options: ReadonlySet<string>): string | undefined {
  const plain = plainName(key);
  let meant: string | undefined;
  let least = plain.length > 5 ? 2 : 1;
  for (const name of options) {
    const distance = ELSEWHERE[name]?.includes(plain) === true ? 0 : editDistance(plain, plainOption(name), least);
    if (distance <= least) {
      meant = name;
      least = distance - 1;
    }
  }
  return meant;
}

/** A name without what styles of naming differ in: `max_grad_norm` is `maxGradNorm`. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

const plainOptions = new Map<string, string>();

/** {@link plainName} of an option, of which there are few. */
function plainOption(name: string): string {
  const plain = plainOptions.get(name) ?? plainName(name);
  plainOptions.set(name, plain);
  return plain;
}

/** Letters to insert, delete, replace or swap with their neighbor to make one text of the other; infinite where that is surely above `most`. */
function editDistance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) {
    return Infinity;
  }
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? 0) + 1 : Infinity;
      next.push(Math.min(replaced, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}

setAdviser(adviseOn);
