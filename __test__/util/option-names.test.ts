import test from 'ava';
import { adviseOn } from '#dist/util/option-names.js';
import { listOptions } from '#dist/util/value-reader.js';

const NAMES: Readonly<Record<string, readonly string[]>> = {
  learningRate: ['lr', 'step_size', 'actor_lr'],
  entropyCoef: ['ent_coef', 'entropy_coefficient', 'entropyWeight'],
  valueCoef: ['vf_coef', 'value_loss_coef', 'valueCoefficient', 'critic_coef'],
  maxGradNorm: ['grad_clip', 'clip_grad_norm', 'gradientClip', 'clip_norm'],
  beta1: ['betas'],
  epsilon: ['eps', 'adam_eps', 'adamEpsilon', 'rms_prop_eps'],
  batchSize: ['n_envs', 'num_envs', 'envCount', 'n_steps', 'num-steps', 'rollout_steps'],
  maxIterations: ['total_timesteps', 'totalSteps', 'epochs', 'max_epochs', 'num_updates'],
  evaluateEvery: ['eval_freq', 'evalInterval'],
  evaluationProblems: ['n_eval_episodes', 'evalEpisodes'],
  progress: ['verbose', 'callback', 'callbacks', 'progress_bar', 'onProgress', 'onEvent'],
  hiddenSize: ['net_arch', 'hidden_dim', 'hiddenUnits', 'lstm_hidden_size'],
  threads: ['num_threads', 'num_workers', 'n_jobs'],
  device: ['cuda', 'GPU'],
  task: ['env', 'environment'],
  pooling: ['contextPooling', 'batch_context'],
  agent: ['model', 'policy'],
  signal: ['abort_signal', 'abortController'],
  deterministic: ['greedy', 'stochastic'],
  size: ['n_envs', 'num_envs', 'envCount'],
  problems: ['n_eval_episodes', 'evalEpisodes', 'episodes'],
};

for (const [ours, names] of Object.entries(NAMES)) {
  test(`other names of ${ours}`, (t) => {
    for (const name of names) {
      t.is(adviseOn(name, new Set(['zzzzzzzzzzzz', ours])), `Did you mean ${ours}?`, name);
    }
  });
}

test('options that do not exist here, and why', (t) => {
  const advice = (name: string) => adviseOn(name, new Set(['seed']));
  for (const name of ['gamma', 'discount_factor']) {
    t.is(advice(name), 'There is no discount: a program is scored as a whole.');
  }
  for (const name of ['gae_lambda', 'use_gae', 'normalizeAdvantage']) {
    t.is(advice(name), 'Advantages follow from the option baseline.');
  }
  for (const name of ['clip_range', 'clip_coef', 'n_epochs', 'update_epochs', 'n_minibatches', 'target_kl']) {
    t.is(advice(name), 'An update is one step of A2C: it has no ratio to clip and no epochs.');
  }
  t.is(adviseOn('gamma', new Set(['gammas'])), 'Did you mean gammas?', 'an option of ours comes first');
});

/** Key, option, and whether the one is taken for the other. */
const CLOSE: readonly (readonly [string, string, boolean])[] = [
  // Short keys: one letter.
  ['seed', 'seed', true],
  ['see', 'seed', true],
  ['eed', 'seed', true],
  ['seeds', 'seed', true],
  ['aseed', 'seed', true],
  ['seex', 'seed', true],
  ['xeed', 'seed', true],
  ['esed', 'seed', true],
  ['sede', 'seed', true],
  ['se', 'seed', false],
  ['sexx', 'seed', false],
  ['dees', 'seed', false],
  ['sde', 'seed', false],
  ['eseds', 'seed', false],
  ['seeda', 'seedab', true],
  ['seeda', 'seedabc', false],
  // Keys of more than five letters: two.
  ['tasksx', 'task', true],
  ['bachSiz', 'batchSize', true],
  ['bchSiz', 'batchSize', false],
  ['batchSizexx', 'batchSize', true],
  ['batchSizexxx', 'batchSize', false],
  ['abtchSize', 'batchSize', true],
  ['abtchSiez', 'batchSize', true],
  ['abtchSiex', 'batchSize', false],
  ['hatbcSize', 'batchSize', false],
  ['xatchSizx', 'batchSize', true],
  ['xatchSxzx', 'batchSize', false],
  ['batchizSe', 'batchSize', true],
  ['BATCH_SIZE', 'batchSize', true],
  ['batch-size', 'batchSize', true],
  ['batch size!', 'batchSize', true],
  ['beta1', 'beta2', true],
  ['', 'a', true],
  ['', 'ab', false],
];

for (const [key, option, close] of CLOSE) {
  test(`'${key}' is ${close ? '' : 'not '}taken for ${option}`, (t) => {
    t.is(adviseOn(key, new Set([option])), close ? `Did you mean ${option}?` : undefined);
  });
}

test('the closest option is meant, and the first of equally close ones', (t) => {
  const meant = (key: string, ...options: string[]) => adviseOn(key, new Set(options));
  t.is(meant('seedin', 'seedling', 'seeding'), 'Did you mean seeding?');
  t.is(meant('seedin', 'seeding', 'seedling'), 'Did you mean seeding?');
  t.is(meant('alphax', 'alpha1', 'alpha2'), 'Did you mean alpha1?');
  t.is(meant('alphax', 'alpha2', 'alpha1'), 'Did you mean alpha2?');
  t.is(meant('alphax', 'alphay', 'alphax'), 'Did you mean alphax?');
  t.is(meant('lr', 'ls', 'learningRate'), 'Did you mean learningRate?');
});

test('the options there are', (t) => {
  t.is(listOptions(new Set(['seed', 'agent', 'task'])), 'Known here: agent, seed, task.');
  t.is(listOptions(new Set()), 'There are no options here.');
});
