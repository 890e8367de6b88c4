import type { Measured } from '../../task/measured.js';
import { percent } from '../../util/percent.js';
import type { ToolCall } from '../tool-parameters.js';
import type { Recall } from './recall.js';

/** What a finding is about. */
export type TaskFindingCode =
  | 'unreachable'
  | 'search-incomplete'
  | 'split-overlap'
  | 'test-unreachable'
  | 'indistinguishable'
  | 'misaligned-reward'
  | 'constant-program'
  | 'random-succeeds'
  | 'sparse'
  | 'needs-memory'
  | 'needs-no-memory'
  | 'context-length-varies';

/** Something about a task that its author should know. */
export interface TaskFinding<Stage extends string = string> {
  /** Stable code. */
  readonly code: TaskFindingCode;
  /** `error`: the task cannot be learned, or not be measured, as stated. `note`: it can, but may teach less than it seems to. */
  readonly severity: 'error' | 'note';
  /** The stage it is about; undefined for all. */
  readonly stage: Stage | undefined;
  /** One sentence for people: what was found. */
  readonly message: string;
  /** What to do about it, if anything. */
  readonly remedy: string;
}

/** A program, the same for every problem, and what it earns on fresh problems. */
export interface ConstantProgram<Tool extends string = string> extends Measured {
  /** Its tools. A program that does not end then lets the remaining steps pass. */
  readonly tools: readonly Tool[];
  /**
   * Its calls, as {@link ToolTask.program} takes them.
   *
   * @defaultValue absent where no tool has parameters, and `tools` says it all
   */
  readonly calls?: readonly ToolCall<Tool>[];
}

/** What {@link checkTask} found out about a stage. */
export interface StageReport<Tool extends string = string, Stage extends string = string> {
  /** Its name. */
  readonly stage: Stage;
  /** Whether every problem searched has a right program within the horizon. */
  readonly reachable: boolean;
  /** Share of the problems searched that have one, 0 to 1. */
  readonly solvableFraction: number;
  /**
   * The success rate that no agent can exceed, 0 to 1: `solvableFraction`, less what is lost to problems that look the same and need different
   * programs, with all that can be heard taken into account. The true limit may be lower where `complete` is false, and among more than 256
   * different problems.
   */
  readonly bestSuccess: number;
  /** Whether the search left nothing out; otherwise the stage may be better than it looks here. */
  readonly complete: boolean;
  /**
   * The shortest right program. `constant`: it is right for every problem. Otherwise an example: that of the problem which needs the longest
   * one. Undefined where no problem has any.
   */
  readonly shortestProgram:
    | {
        /** Its tools. */
        readonly tools: readonly Tool[];
        /**
         * Its calls, as {@link ToolTask.program} takes them.
         *
         * @defaultValue absent where no tool has parameters
         */
        readonly calls?: readonly ToolCall<Tool>[];
        /** Whether it is right for every problem. */
        readonly constant: boolean;
      }
    | undefined;
  /**
   * Whether a network has to remember something. `needed`: there is a problem for which none is right that decides each step by the prompt, by what it
   * hears then and by whether the program begins. `not-needed`: one such network is right for all problems searched. Undefined: neither was shown.
   */
  readonly memory: Recall | undefined;
  /** Mean over the problems searched of the highest return that any program of theirs gets: what a perfect agent earns. */
  readonly bestReturn: number;
  /** Share of the problems searched for which a wrong program pays more than every right one, 0 to 1; those without a right one apart. */
  readonly misalignedFraction: number;
  /** The constant program that is right most often. */
  readonly constantProgram: ConstantProgram<Tool> | undefined;
  /** The constant program of the highest mean return. */
  readonly bestPaidProgram: ConstantProgram<Tool> | undefined;
  /** Programs drawn uniformly from the tokens that may be emitted, at each step. */
  readonly random: Measured;
}

/** What {@link checkTask} found out. */
export interface TaskReport<Tool extends string = string, Stage extends string = string> {
  /** Name of the task. */
  readonly task: string;
  /** Tokens of a program. */
  readonly horizon: number;
  /** Problems searched in each stage. */
  readonly problems: number;
  /** Whether every stage is reachable, and no stage has problems that look the same and need different programs. */
  readonly solvable: boolean;
  /** Whether the search of every stage left nothing out. */
  readonly complete: boolean;
  /** One a stage. */
  readonly stages: readonly StageReport<Tool, Stage>[];
  /** What the author should know, stage by stage. */
  readonly findings: readonly TaskFinding<Stage>[];
}

/**
 * A report as text for a terminal: a table of the stages, the programs, and the findings.
 *
 * @param report - What {@link checkTask} returned.
 * @returns Lines without a trailing line break.
 */
export function formatTaskCheck(report: TaskReport): string {
  const failing = report.complete ? 'NOT solvable' : 'not shown to be solvable';
  const verdict = report.solvable ? 'solvable' : failing;
  const rows = [
    ['stage', 'solvable', 'best return', 'misaligned', 'constant', 'random', 'random return'],
    ...report.stages.map((stage) => [
      stage.stage,
      percent(stage.solvableFraction) + (stage.complete ? '' : ' (incomplete)'),
      stage.bestReturn.toFixed(2),
      percent(stage.misalignedFraction),
      stage.constantProgram === undefined ? '-' : percent(stage.constantProgram.successRate),
      percent(stage.random.successRate),
      stage.random.meanReturn.toFixed(2),
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const table = rows.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  '),
  );
  const programs = report.stages.flatMap((stage) => {
    const { shortestProgram: shortest, bestPaidProgram: paid } = stage;
    const lines = [`${stage.stage}`];
    lines.push(
      shortest === undefined
        ? '  no right program'
        : `  ${shortest.constant ? 'shortest, right for all' : 'shortest, of the longest problem'}: ${programText(shortest)}`,
    );
    if (paid !== undefined) {
      lines.push(`  best paid: ${programText(paid)} (return ${paid.meanReturn.toFixed(2)}, right ${percent(paid.successRate)})`);
    }
    return lines;
  });
  const findings = report.findings.map(({ severity, code, stage, message, remedy }) => {
    const where = stage === undefined ? '' : `${stage}: `;
    return severity === 'error' ? `ERROR ${code}  ${where}${message}\n      ${remedy}` : `note  ${code}  ${where}${message}`;
  });
  const head = `${report.task}: ${verdict} (horizon ${report.horizon}, ${report.problems} problems a stage searched)`;
  return [head, '', ...table, '', ...programs, ...(findings.length === 0 ? [] : ['', ...findings])].join('\n');
}

/**
 * A program as text.
 *
 * @param program - Its tools, and its calls where tools have parameters.
 * @returns Such as `LOOKUP REFUND(full, 0)`.
 */
export function programText({
  tools,
  calls,
}: {
  readonly tools: readonly string[];
  readonly calls?: readonly ToolCall[] | undefined;
}): string {
  const texts = (calls ?? tools).map((call) => (typeof call === 'string' ? call : `${call[0]}(${Object.values(call[1]).join(', ')})`));
  return texts.length === 0 ? '(nothing)' : texts.join(' ');
}
