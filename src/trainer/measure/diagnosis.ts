import type { GroupMetrics } from '../../metrics/events.js';
import type { SuccessEstimate } from '../../metrics/interval.js';
import { percent } from '../../metrics/plateau.js';
import type { Split } from '../../task/task.js';
import type { Plateau } from '../watch/plateau.js';
import type { EvaluatedProblems, StageEvaluation } from './evaluate.js';
import type { Explanation } from './explain.js';

/** Options of {@link Trainer.diagnose}. */
export interface DiagnoseOptions extends EvaluatedProblems {
  /**
   * Programs sampled for each problem, to see whether right ones are found at all; 1 to 4096.
   *
   * @defaultValue 8
   */
  readonly samples?: number | undefined;
  /**
   * Failing problems of each stage that are explained, at most; 0 to 1000.
   *
   * @defaultValue 3
   */
  readonly examples?: number | undefined;
}

/**
 * What a finding of {@link Trainer.diagnose} is about. `below-target`: success is surely below the stage's target. `group-fails`: some groups of
 * problems fail more often than the others. `never-found`: no sampled program is right where the greedy one fails. `found-not-chosen`: some
 * are. `test-gap`: success on held-out problems is surely lower than on those that are trained on. `entropy-collapse`: hardly anything else is
 * tried. `no-variance`: what is sampled for a problem earns the same. `plateau`: the last run stands still.
 */
export type DiagnosisCode =
  | 'below-target'
  | 'group-fails'
  | 'never-found'
  | 'found-not-chosen'
  | 'test-gap'
  | 'entropy-collapse'
  | 'no-variance'
  | 'plateau';

/** Something that keeps a stage from its target, or says why. */
export interface DiagnosisFinding {
  /** Stable code. */
  readonly code: DiagnosisCode;
  /** Name of the stage. */
  readonly stage: string;
  /** One sentence for people: what was found. */
  readonly message: string;
  /** What usually helps. */
  readonly remedy: string;
}

/** How a stage is. */
export interface StageDiagnosis extends StageEvaluation {
  /** Success that is asked for: that of the last run's stage, or 0.99. */
  readonly target: number;
  /** Entropy of the policy along greedy programs, nats a step. */
  readonly entropy: number;
  /** Success on problems as they are trained on; undefined where the task holds nothing out. */
  readonly training: SuccessEstimate | undefined;
  /** Problems on which the greedy program fails, those of the worst groups first. */
  readonly examples: readonly Explanation[];
}

/** What a run spent on a stage. */
export interface DiagnosedStage {
  /** Its name. */
  readonly name: string;
  /** Iterations. */
  readonly iterations: number;
  /** Whether it reached its target. */
  readonly reached: boolean;
}

/** Entropy of a policy, nats a step. */
export interface DiagnosedEntropy {
  /** In the last iteration. */
  readonly last: number;
  /** The highest of the run. */
  readonly highest: number;
}

/** How far the last run is, or was. */
export interface RunDiagnosis {
  /** Iterations done. */
  readonly iterations: number;
  /** Stages in order, with the iterations spent on each, and whether it reached its target. */
  readonly stages: readonly DiagnosedStage[];
  /** Name of the stage that is trained, or was last; undefined before the first. */
  readonly current: string | undefined;
  /** Entropy of the policy in the last iteration, and the highest of the run, nats a step. */
  readonly entropy: DiagnosedEntropy;
  /** Sampled success by group over the last 25 iterations; undefined where nothing names groups. */
  readonly groups: readonly GroupMetrics[] | undefined;
  /** What stands still, if anything does. */
  readonly plateau: Plateau | undefined;
}

/** What {@link Trainer.diagnose} found out. As text it is a report for a terminal. */
export class Diagnosis {
  /** Name of the task. */
  readonly task: string;
  /** One a stage, in the order asked for. */
  readonly stages: readonly StageDiagnosis[];
  /** What keeps the stages from their targets, stage by stage; none where all are reached. */
  readonly findings: readonly DiagnosisFinding[];
  /** How far the last run is; undefined where there was none. */
  readonly run: RunDiagnosis | undefined;

  /**
   * @param parts - What was found.
   * @internal
   */
  constructor(parts: Pick<Diagnosis, 'task' | 'stages' | 'findings' | 'run'>) {
    this.task = parts.task;
    this.stages = parts.stages;
    this.findings = parts.findings;
    this.run = parts.run;
  }

  /**
   * The report.
   *
   * @returns Lines without a trailing line break.
   */
  toString(): string {
    const { findings } = this;
    const found = findings.length === 0 ? ['nothing found that would keep it from its targets'] : findings.flatMap(findingLines);
    return [this.#head(), ...this.stages.flatMap(stageLines), '', ...found, ...this.stages.flatMap(exampleLines)].join('\n');
  }

  #head(): string {
    if (this.run === undefined) {
      return `${this.task}, not trained by this trainer yet`;
    }
    const { iterations, stages, current } = this.run;
    const done = stages.filter(({ reached }) => reached).length;
    return `${this.task}, after ${iterations} iterations: ${done} of ${stages.length} stages reached, ${current ?? 'none'} trained last`;
  }
}

function stageLines(stage: StageDiagnosis): string[] {
  const { name, groups = [], sampled, training, entropy, split, problems } = stage;
  const what = split === undefined ? 'problems' : `${PROBLEMS[split]} problems`;
  const width = Math.max(0, ...groups.map(({ group }) => group.length));
  return [
    '',
    `${name}: success ${withInterval(stage)} of ${problems} ${what}${training === undefined ? '' : `; trained on, ${withInterval(training)}`}`,
    ...groups.map((group) => `  ${group.group.padEnd(width)}  ${withInterval(group)} of ${group.problems}`),
    `  sampled ${percent(sampled?.successRate ?? NaN)}, best of ${sampled?.samples} ${percent(sampled?.bestOf.successRate ?? NaN)}, entropy ${entropy.toFixed(3)} nats a step`,
  ];
}

const PROBLEMS: Readonly<Record<Split, string>> = { train: 'training', test: 'held-out' };

function findingLines({ code, stage, message, remedy }: DiagnosisFinding): string[] {
  return [`${code}  ${stage}: ${message}`, `      ${remedy}`];
}

function exampleLines({ name, examples }: StageDiagnosis): string[] {
  return examples.flatMap(({ context, target, tokens, executed, episodeReturn }) => [
    '',
    `fails, ${name}: ${context}${target === '' ? '' : ` → ${target}`}`,
    `  ${tokens.slice(0, executed).join(' ')}  (return ${episodeReturn.toFixed(3)})`,
  ]);
}

function withInterval({ successRate, interval: { low, high } }: SuccessEstimate): string {
  return `${percent(successRate)} (${(100 * low).toFixed(1)} to ${percent(high)})`;
}
