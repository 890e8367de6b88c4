import type { StageSpec, TrainingEvent } from 'innate';
import { planStages } from '#dist/curriculum/stage-spec.js';
import { type LoopContext, TrainingLoop } from '#dist/trainer/loop/training-loop.js';
import { EventPipe } from '#dist/trainer/run/event-pipe.js';
import { Issues } from '#dist/util/issues.js';
import { Random } from '#dist/util/random.js';
import { type Asked, type Earned, scriptedAgent, scriptedTask } from './scripted.js';

/** Options of {@link setUp}. */
export interface LoopOptions extends Partial<Omit<LoopContext, 'plan' | 'task' | 'agent'>> {
  readonly earn?: (asked: Asked) => Earned;
  readonly note?: (call: string) => void;
  readonly maxIterations?: number;
}

/** Problems of a batch. */
export const BATCH = 4;
/** Problems of an evaluation on the way. */
export const EVALUATION = 6;

/** A loop over a scripted task and agent. By default nothing is right and everything earns nothing. */
export function setUp(
  stages: readonly StageSpec[],
  { earn = () => ({ reward: 0, success: false }), note, maxIterations = 5, ...rest }: LoopOptions = {},
) {
  const task = scriptedTask({ earn, ...(note === undefined ? {} : { note }) });
  const { agent, log } = scriptedAgent(note);
  const events: TrainingEvent[] = [];
  const context: LoopContext = {
    task,
    agent,
    update: undefined,
    plan: planStages(stages, { stageNames: task.stages, taskName: task.name, maxIterations }, new Issues()),
    batchSize: BATCH,
    rehearsal: 0.5,
    evaluateEvery: 2,
    evaluationProblems: EVALUATION,
    problemRandom: new Random(1, 1),
    evaluationRandom: new Random(1, 2),
    signals: [],
    pipe: new EventPipe(),
    onEvent: (event) => void events.push(event),
    ...rest,
  };
  return { loop: new TrainingLoop(context), context, events, log, agent };
}

/** An event in short. */
function line(event: TrainingEvent): string {
  switch (event.type) {
    case 'stage':
      return `stage ${event.stage} at ${event.iteration}`;
    case 'iteration':
      return `iteration ${event.iteration}, ${event.stageIteration} in ${event.stage}`;
    case 'evaluation':
      return `${event.purpose} of ${event.stage} in ${event.index}: ${event.eval.problems}`;
    case 'plateau':
      return `plateau of ${event.stage} since ${event.since}: ${event.causes.join()}`;
    case 'stage-end':
      return `end of ${event.stage} after ${event.stageIteration}: ${event.reason}`;
    default:
      return event.type;
  }
}

/** Events in short. */
export const brief = (events: readonly TrainingEvent[]): string[] => events.map(line);
