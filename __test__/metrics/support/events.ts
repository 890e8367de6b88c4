import type { EvaluationEvent, ImitationEvent, IterationEvent } from 'innate';

/** Where the events happened. */
export const at = { iteration: 25, index: 0, stage: 0, name: 'easy' };

/** An iteration, every number of which is another. */
export const iteration: IterationEvent = {
  type: 'iteration',
  ...at,
  stageIteration: 25,
  rollout: { problems: 192, successRate: 0.5, episodeReturnMean: 0.75, episodeLengthMean: 4.5 },
  train: { loss: 1, policyLoss: 2, valueLoss: 3, entropy: 1.25, gradNorm: 4, explainedVariance: 0.1 },
  replay: { share: 0.375, fill: 0.625, scoreMean: 0.4 },
  time: { iterations: 25, episodes: 4800, episodesPerSecond: 12345.6, seconds: 2.5 },
  curriculum: { stage: 0 },
};

/** An iteration of programs that judge one another, held to a reference, with others imitated beside. */
export const groupIteration: IterationEvent = {
  ...iteration,
  train: { ...iteration.train, approxKl: 0.01, clipFraction: 0.125, referenceKl: 0.02, flatGroups: 0.25, imitationLoss: 0.3 },
};

/** A pass of imitation. */
export const imitated = (epoch: number, epochs: number): ImitationEvent => ({
  type: 'imitation',
  epoch,
  epochs,
  imitation: { programs: 1256, updates: 3 * epoch, loss: 0.5, gradNorm: 2.5 },
});

/** An iteration in environments, every number of which is another. */
export const stepIteration: IterationEvent<'environment'> = {
  type: 'iteration',
  ...at,
  stageIteration: 25,
  rollout: { episodes: 12, successRate: 0.5, episodeReturnMean: 0.75, episodeLengthMean: 4.5 },
  train: {
    loss: 1,
    policyLoss: 2,
    valueLoss: 3,
    entropy: 1.25,
    gradNorm: 4,
    explainedVariance: 0.1,
    approxKl: 0.01,
    clipFraction: 0.125,
    updates: 16,
    learningRate: 0.001,
    entropyCoef: 0.02,
  },
  time: { iterations: 25, envSteps: 51200, envStepsPerSecond: 23456.7, episodes: 300, seconds: 2.5 },
  curriculum: { stage: 0 },
};

/** An evaluation in environments. */
export const stepEvaluation = (
  purpose: EvaluationEvent['purpose'],
  episodes: number,
  successRate: number,
): EvaluationEvent<'environment'> => ({
  type: 'evaluation',
  ...at,
  purpose,
  eval: { episodes, successRate, episodeReturnMean: 0.875, episodeLengthMean: 9.5 },
  time: { iterations: 25, envSteps: 51200 },
  curriculum: { stage: 0 },
});

/** An evaluation. */
export const evaluation = (purpose: EvaluationEvent['purpose'], problems: number, successRate: number): EvaluationEvent => ({
  type: 'evaluation',
  ...at,
  purpose,
  eval: { problems, successRate, episodeReturnMean: 0.875 },
  time: { iterations: 25 },
  curriculum: { stage: 0 },
});
