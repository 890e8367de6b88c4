import { MASTERY } from '../../curriculum/stage-spec.js';
import { checkedSample } from '../../task/checked.js';
import { type Grouping, groupingOf } from '../../task/groups.js';
import type { Split } from '../../task/task.js';
import type { OptionReader } from '../../util/option-reader.js';
import { Random, STREAMS } from '../../util/random.js';
import { attempt, type Solver } from '../collect/attempt.js';
import { makeScores } from '../collect/scores.js';
import { Diagnosis, type DiagnosisFinding, type RunDiagnosis, type StageDiagnosis } from './diagnosis.js';
import { diagnosisFindings } from './diagnosis-findings.js';
import { evaluationOf, groupEvaluationsOf } from './estimates.js';
import type { GroupEvaluation } from './evaluate.js';
import { type ProblemsConfig, readEvaluatedProblems, readSamples } from './evaluate-options.js';
import { type Explanation, explainProgram } from './explain.js';
import { survey } from './survey.js';

/** Problems measured where the caller does not say. */
const PROBLEMS = 500;
/** Problems looked through at once for some that fail. */
const LOOKED_AT = 256;

/** {@link DiagnoseOptions}, checked and filled in. */
export interface DiagnoseConfig extends ProblemsConfig {
  readonly samples: number;
  readonly examples: number;
}

/** What a diagnosis is made of. */
export interface DiagnosisContext extends Solver {
  /** The run's. */
  readonly seed: number;
  /** How far the last run is. */
  readonly run: RunDiagnosis | undefined;
  /** Whether problems that failed come back. */
  readonly replays: boolean;
  /** Success that the last run asked of a stage. */
  readonly targetOf: (stage: number) => number | undefined;
}

/**
 * @param reader - Over what the caller passed.
 * @param names - The stages that there are.
 * @returns The config; meaningful only when no issue was added.
 */
export function readDiagnoseOptions(reader: OptionReader, names: Parameters<typeof readEvaluatedProblems>[1]): DiagnoseConfig {
  return {
    ...readEvaluatedProblems(reader, names, PROBLEMS),
    samples: readSamples(reader, 8, 1),
    examples: reader.number('examples', 3, { integer: true, min: 0, max: 1000 }),
  };
}

/**
 * Measures the stages and says what keeps them from their targets. From a stream of its own that begins anew each time: the same agent is
 * diagnosed alike.
 *
 * @param context - Task, agent, and the last run.
 * @param config - What is measured.
 * @returns The diagnosis.
 */
export async function diagnose(context: DiagnosisContext, config: DiagnoseConfig): Promise<Diagnosis> {
  const { task, run } = context;
  const random = new Random(context.seed, STREAMS.diagnosis);
  const stages: StageDiagnosis[] = [];
  const findings: DiagnosisFinding[] = [];
  for (const stage of config.ids) {
    const [diagnosed, found] = await diagnoseStage(context, config, stage, random);
    stages.push(diagnosed);
    findings.push(...found);
  }
  return new Diagnosis({ task: task.name, stages, findings, run });
}

async function diagnoseStage(
  context: DiagnosisContext,
  config: DiagnoseConfig,
  stage: number,
  random: Random,
): Promise<[StageDiagnosis, DiagnosisFinding[]]> {
  const { task, run } = context;
  const { problems, samples, split } = config;
  const grouping = groupingOf(task, config.groupBy);
  const plan = { stage, problems, samples, deterministic: true, random, sampleRandom: random };
  const found = await survey(context, { ...plan, split, grouping });
  const groups = groupEvaluationsOf(found, [samples]);
  const compared = task.splits === true && split === 'test';
  const trained = compared ? await survey(context, { ...plan, split: 'train', samples: 0, grouping: undefined }) : undefined;
  const { entropy, examples } = await examine(context, config, stage, grouping, groups ?? [], random);
  const training = trained === undefined ? undefined : evaluationOf(trained, []);
  const diagnosed = {
    stage,
    name: task.stages[stage] ?? '',
    split: task.splits === true ? split : undefined,
    ...evaluationOf(found, [samples]),
    ...(groups === undefined ? {} : { groups }),
    target: context.targetOf(stage) ?? MASTERY.successRate ?? 1,
    training: training === undefined ? undefined : { successRate: training.successRate, interval: training.interval },
    entropy,
  };
  const plateau = run?.current === diagnosed.name ? run.plateau : undefined;
  const evidence = { found, highestEntropy: run?.entropy.highest ?? 0, plateau, replays: context.replays };
  return [{ ...diagnosed, examples }, diagnosisFindings(diagnosed, evidence)];
}

/** Greedy programs on fresh problems: their entropy, and those that fail, each once, of the worst groups first. */
async function examine(
  solver: Solver,
  { examples: most, problems, split }: { readonly examples: number; readonly problems: number; readonly split: Split },
  stage: number,
  grouping: Grouping | undefined,
  groups: readonly GroupEvaluation[],
  random: Random,
): Promise<{ readonly entropy: number; readonly examples: readonly Explanation[] }> {
  const { task } = solver;
  const success = new Map(groups.map(({ group, successRate }) => [group, successRate]));
  const shown = new Set<string>();
  const failing: { readonly rank: number; readonly explanation: Explanation }[] = [];
  let entropy = 0;
  let steps = 0;
  for (let done = 0; done < problems && (done === 0 || failing.length < most); done += LOOKED_AT) {
    const batch = checkedSample(task, new Int32Array(Math.min(LOOKED_AT, problems - done)).fill(stage), random, split);
    const scores = makeScores(batch.size);
    const { rollout } = await attempt(solver, batch, true, scores);
    for (let row = 0; row < batch.size; row += 1) {
      const length = scores.lengths[row] as number;
      const first = row * task.horizon;
      entropy += rollout.entropies.subarray(first, first + length).reduce((sum, each) => sum + each, 0);
      steps += length;
      if (scores.successes[row] === 0 && most > 0) {
        const explanation = explainProgram(task, { batch, rollout, scores }, row);
        const text = [explanation.context, explanation.target, ...explanation.tokens].join(' ');
        const rank = grouping === undefined ? 0 : (success.get(grouping(batch, row)) ?? 0);
        failing.push(...(shown.has(text) ? [] : [{ rank, explanation }]));
        shown.add(text);
      }
    }
  }
  failing.sort((a, b) => a.rank - b.rank);
  return { entropy: entropy / steps, examples: failing.slice(0, most).map(({ explanation }) => explanation) };
}
