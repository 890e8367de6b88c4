import type { EpisodeMetrics, ImitationEvent, IterationEvent, ProgramMetrics, TrainingEvent, TrainingKind } from './events.js';
import { percent } from './plateau.js';

/** Where progress is written; a stream such as `process.stderr` will do. */
export interface ProgressOutput {
  /** @param text - Written as it is. */
  write(text: string): unknown;
  /** Whether it is a terminal whose line can be rewritten. */
  readonly isTTY?: boolean | undefined;
  /** Width of the terminal. */
  readonly columns?: number | undefined;
}

/** What {@link createProgress} depends on beside the output; replaced in tests. */
export interface ProgressContext {
  /** Whether this is a CI machine, whose logs do not rewrite lines. */
  readonly ci: boolean;
  /** @returns Milliseconds. */
  now(): number;
}

const LIVE_INTERVAL_MS = 80;
const PLAIN_INTERVAL_MS = 1000;
/** Of iterations in environments, which are seldom measured on the way. */
const STEPS_INTERVAL_MS = 10_000;
/** Some terminals say that they have no columns, or one: then their width is not known. */
const UNKNOWN_COLUMNS = 80;
/** On a terminal narrower than this a cut line would say nothing: it gets plain lines. */
const LEAST_COLUMNS = 20;
const CLEAR_LINE = '\r\u001b[2K';

/**
 * Shows how training goes: one line that is rewritten on a terminal, and otherwise a plain line an evaluation, at most one a second.
 *
 * @param output - Where to.
 * @param context - CI and clock.
 * @returns A function to be called with every event.
 */
export function createProgress(output: ProgressOutput, context: ProgressContext = currentContext()): (event: AnyEvent) => void {
  // Asked for each time, because a window's size changes.
  const width = (): number => (output.columns !== undefined && output.columns > 1 ? output.columns : UNKNOWN_COLUMNS);
  const live = (): boolean => output.isTTY === true && !context.ci && width() >= LEAST_COLUMNS;
  let shown = -Infinity;
  let last: AnyIteration | undefined;
  let open = false;
  const line = (text: string): void => {
    output.write(`${open ? CLEAR_LINE : ''}${text}\n`);
    open = false;
  };
  return (event) => {
    switch (event.type) {
      case 'stage':
        last = undefined;
        line(`Stage ${event.stage} (${event.name}): at most ${event.maxIterations} iterations`);
        break;
      case 'iteration': {
        last = event;
        const now = context.now();
        if (live() && now - shown >= LIVE_INTERVAL_MS) {
          shown = now;
          output.write(CLEAR_LINE + iterationLine(event).slice(0, width() - 1));
          open = true;
        } else if (!live() && 'envSteps' in event.time && now - shown >= STEPS_INTERVAL_MS) {
          shown = now;
          line(iterationLine(event));
        }
        break;
      }
      case 'evaluation':
        if (event.purpose === 'progress' && !live() && event.stage === last?.stage && context.now() - shown >= PLAIN_INTERVAL_MS) {
          shown = context.now();
          line(`${iterationLine(last)} | greedy ${evaluated(event.eval)}`);
        }
        if (event.purpose === 'final') {
          line(finalLine(event.stage, event.name, event.eval));
        }
        break;
      case 'imitation':
        if (live() && event.epoch < event.epochs) {
          output.write(CLEAR_LINE + imitationLine(event).slice(0, width() - 1));
          open = true;
        } else if (event.epoch === event.epochs) {
          line(imitationLine(event));
        }
        break;
      case 'plateau':
        line(`Stage ${event.stage} (${event.name}) ${event.message} ${event.remedy}`);
        break;
      case 'resume':
        line(`Resumed after ${whole(event.iteration)} iterations from ${event.file}`);
        break;
      case 'warning':
        line(`Warning: ${event.message} ${event.remedy}`);
        break;
      case 'checkpoint':
        break;
      default:
        if (live() && last !== undefined) {
          line(iterationLine(last));
        }
        line(`Stage ${event.stage} (${event.name}): ${ENDINGS[event.reason]} after ${event.stageIteration} iterations`);
        break;
    }
  };
}

const ENDINGS = { reached: 'target reached', iterations: 'done', steps: 'done', budget: 'target not reached' } as const;

type AnyEvent = TrainingEvent<TrainingKind> | ImitationEvent;
type AnyIteration = IterationEvent<'task'> | IterationEvent<'environment'>;

function iterationLine({ stage, stageIteration, rollout, train, time }: AnyIteration): string {
  const steps = 'envSteps' in time;
  return [
    `Stage ${stage}`,
    steps ? `${whole(time.envSteps)} steps` : `iteration ${stageIteration}`,
    ...(Number.isNaN(rollout.successRate) ? [] : [`success ${percent(rollout.successRate)}`]),
    ...(Number.isNaN(rollout.episodeReturnMean) ? [] : [`return ${rollout.episodeReturnMean.toFixed(3)}`]),
    `entropy ${train.entropy.toFixed(3)}`,
    steps ? `${whole(time.envStepsPerSecond)} steps/s` : `${whole(time.episodesPerSecond)} episodes/s`,
  ].join(' | ');
}

function imitationLine({ epoch, epochs, imitation }: ImitationEvent): string {
  return `Imitation | pass ${epoch} of ${epochs} | ${whole(imitation.programs)} programs | loss ${imitation.loss.toFixed(4)}`;
}

/** What was reached, by the measure that there is. */
function evaluated(measured: ProgramMetrics | EpisodeMetrics): string {
  return Number.isNaN(measured.successRate) ? `return ${measured.episodeReturnMean.toFixed(3)}` : percent(measured.successRate);
}

function finalLine(stage: number, name: string, measured: ProgramMetrics | EpisodeMetrics): string {
  const over = 'problems' in measured ? `${measured.problems} problems` : `${measured.episodes} episodes`;
  return Number.isNaN(measured.successRate)
    ? `Final greedy return, stage ${stage} (${name}): ${measured.episodeReturnMean.toFixed(3)}, mean of ${over}`
    : `Final greedy success, stage ${stage} (${name}): ${percent(measured.successRate)} of ${over}`;
}

function whole(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

function currentContext(): ProgressContext {
  return { ci: Boolean(process.env['CI']), now: () => performance.now() };
}
