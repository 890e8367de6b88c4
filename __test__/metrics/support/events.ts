import type { EvaluationEvent, IterationEvent } from 'innate';

/** Where the events happened. */
export const at = { iteration: 25, index: 0, stage: 0, name: 'easy' };

/** An iteration, every number of which is another. */
export const iteration: IterationEvent = {
  type: 'iteration',
  ...at,
  stageIteration: 25,
  rollout: { problems: 192, successRate: 0.5, episodeReturnMean: 0.75, episodeLengthMean: 4.5 },
  train: { loss: 1, policyLoss: 2, valueLoss: 3, entropy: 1.25, gradNorm: 4, explainedVariance: 0.1 },
  time: { iterations: 25, episodes: 4800, episodesPerSecond: 12345.6, seconds: 2.5 },
  curriculum: { stage: 0 },
};

/** An evaluation. */
export const evaluation = (purpose: EvaluationEvent['purpose'], problems: number, successRate: number): EvaluationEvent => ({
  type: 'evaluation',
  ...at,
  purpose,
  eval: { problems, successRate, episodeReturnMean: 0.875 },
  time: { iterations: 25 },
  curriculum: { stage: 0 },
});
