import { percent } from '../../util/percent.js';
/** What a finding is about. */
export type EnvironmentFindingCode =
  | 'invalid'
  | 'seeding'
  | 'forgotten-reset'
  | 'mask-disagrees'
  | 'forbidden-accepted'
  | 'never-ends'
  | 'reward-scale'
  | 'sparse'
  | 'constant-action'
  | 'indistinguishable'
  | 'needs-memory'
  | 'needs-no-memory'
  | 'observation-reused';

/** Something about an environment that its author should know. */
export interface EnvironmentFinding {
  /** Stable code. */
  readonly code: EnvironmentFindingCode;
  /** `error`: it cannot be trained on as it is. `warning`: it can, but most likely not well. `note`: good to know. */
  readonly severity: 'error' | 'warning' | 'note';
  /** The stage it is about; undefined for all. */
  readonly stage: string | undefined;
  /** What was found, and what that means. */
  readonly message: string;
  /** What to do about it; undefined where there is nothing to be done. */
  readonly remedy: string | undefined;
}

/** What {@link checkEnvironment} saw of a stage in random play: actions drawn uniformly from the allowed ones. */
export interface EnvironmentStageReport {
  /** Its name. */
  readonly stage: string;
  /** Episodes played. */
  readonly episodes: number;
  /** Share of them that ended within `maxSteps`, 0 to 1. */
  readonly endedFraction: number;
  /** Mean length of the episodes, in steps. */
  readonly meanLength: number;
  /** Mean sum of an episode's rewards. */
  readonly meanReturn: number;
  /** Smallest and largest of these sums. */
  readonly returnRange: readonly [least: number, most: number];
  /** Share of the ended episodes that reached their aim, 0 to 1; undefined where none said so. */
  readonly successRate: number | undefined;
  /** The one action, always taken where it is allowed, that reaches the aim most often; undefined where no episode says so, or of more than 32 actions. */
  readonly constantAction:
    | {
        /** Its id. */
        readonly action: number;
        /** Share of the episodes that reached their aim, 0 to 1. */
        readonly successRate: number;
      }
    | undefined;
}

/** What {@link checkEnvironment} found out. */
export interface EnvironmentReport {
  /** Whether nothing found is an error. */
  readonly usable: boolean;
  /** Numbers of an observation; 0 where the environment could not be made. */
  readonly numbers: number;
  /** How many values each id of an observation has. */
  readonly ids: readonly number[];
  /** How many actions there are; 0 where the environment could not be made. */
  readonly actionCount: number;
  /** One a stage that could be played. */
  readonly stages: readonly EnvironmentStageReport[];
  /** What the author should know, stage by stage. */
  readonly findings: readonly EnvironmentFinding[];
}

/**
 * A report as text for a terminal: a table of the stages in random play, and the findings.
 *
 * @param report - What {@link checkEnvironment} returned.
 * @returns Lines without a trailing line break.
 */
export function formatEnvironmentCheck(report: EnvironmentReport): string {
  const { numbers, ids, actionCount, stages, findings } = report;
  const sees = [...(numbers > 0 ? [`${numbers} numbers`] : []), ...(ids.length > 0 ? [`ids of ${ids.join(', ')} values`] : [])];
  const head = `${report.usable ? 'usable' : 'NOT usable'} (sees ${sees.join(' and ') || 'nothing'}; ${actionCount} actions)`;
  const rows = [
    ['stage', 'episodes', 'ended', 'length', 'return', 'from', 'to', 'success', 'constant'],
    ...stages.map((stage) => [
      stage.stage,
      String(stage.episodes),
      percent(stage.endedFraction),
      stage.meanLength.toFixed(1),
      ...[stage.meanReturn, ...stage.returnRange].map((value) => String(Number(value.toPrecision(4)))),
      stage.successRate === undefined ? '-' : percent(stage.successRate),
      stage.constantAction === undefined ? '-' : percent(stage.constantAction.successRate),
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const table = rows.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  '),
  );
  const labels = { error: 'ERROR  ', warning: 'WARNING', note: 'note   ' } as const;
  const lines = findings.flatMap(({ severity, code, stage, message, remedy }) => [
    `${labels[severity]} ${code}  ${stage === undefined ? '' : `${stage}: `}${message}`,
    ...(remedy === undefined ? [] : [`        ${remedy}`]),
  ]);
  return [head, ...(stages.length === 0 ? [] : ['', ...table]), ...(lines.length === 0 ? [] : ['', ...lines])].join('\n');
}
