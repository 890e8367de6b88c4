/** Keys of what is measured while training. */
export type MetricKey =
  /** Mean return of the sampled programs of the current stage. */
  | 'rollout/episode_return_mean'
  /** Mean number of steps that count of the sampled programs of the current stage. */
  | 'rollout/episode_length_mean'
  /** Share of the sampled programs of the current stage that met the stated target. */
  | 'rollout/success_rate'
  /** The whole loss of an update, before its step. */
  | 'train/loss'
  /** The policy's term of it. */
  | 'train/policy_loss'
  /** The value's term of it, before `valueCoef`. */
  | 'train/value_loss'
  /** Mean entropy of the policy, nats, before `entropyCoef`. */
  | 'train/entropy'
  /** Global norm of the gradient before clipping. */
  | 'train/grad_norm'
  /** Share of the returns' variance that the critic explains, at most 1; NaN when all returns are equal. */
  | 'train/explained_variance'
  /** Share of greedy programs on fresh problems that met the stated target. */
  | 'eval/success_rate'
  /** Mean return of greedy programs on fresh problems. */
  | 'eval/episode_return_mean'
  /** Iterations done in this run. */
  | 'time/iterations'
  /** Programs trained on a second, lately. */
  | 'time/episodes_per_second'
  /** Stage id. */
  | 'curriculum/stage';

/** Some metrics by key. */
export type Metrics = Readonly<Partial<Record<MetricKey, number>>>;
