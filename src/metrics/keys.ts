/** Keys of what is measured while training. */
export type MetricKey =
  /** Mean return of the sampled programs of the current stage. */
  | 'rollout/episode_return_mean'
  /** Share of the sampled programs of the current stage that met the stated target. */
  | 'rollout/success_rate'
  | 'train/loss'
  | 'train/policy_loss'
  | 'train/value_loss'
  /** In nats. */
  | 'train/entropy'
  /** Before clipping. */
  | 'train/grad_norm'
  | 'train/explained_variance'
  /** Share of greedy programs on fresh problems that met the stated target. */
  | 'eval/success_rate'
  /** Mean return of greedy programs on fresh problems. */
  | 'eval/episode_return_mean'
  | 'time/iterations'
  | 'time/episodes_per_second'
  /** Stage id. */
  | 'curriculum/stage';

/** Some metrics by key. */
export type Metrics = Readonly<Partial<Record<MetricKey, number>>>;
