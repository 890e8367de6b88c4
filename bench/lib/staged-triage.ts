import { type Random, type Task, type ToolBatch, type TrainerOptions, type TriageTicket, triage } from 'innate';
import { ruleOf } from '#dist/builtin/triage/ticket.js';

/** Rules of the tickets in each stage: the last is triage as it is. */
const STAGES: Readonly<Record<string, readonly string[]>> = {
  plain: ['plain'],
  common: ['plain', 'gdpr', 'verify'],
  all: ['plain', 'gdpr', 'verify', 'page', 'escalate'],
};

type Batch = ToolBatch<TriageTicket>;

/** Triage in three stages, each with tickets that the one before does not have. A batch of it has problems of several stages. */
export function stagedTriage(): Task<Batch> {
  const { vocabulary, horizon, startToken, actionMask, pooling, interaction, splits } = triage;
  const rules = Object.values(STAGES);
  const inner = (batch: Batch): Batch => ({ ...batch, stages: new Int32Array(batch.size) });
  const batchOf = (problems: readonly unknown[], stages: Int32Array): Batch => ({
    ...triage.encode(problems as readonly TriageTicket[], 0),
    stages: stages.slice(),
  });
  const draw = (stage: number, random: Random, split: 'train' | 'test' | undefined): TriageTicket => {
    for (;;) {
      const [ticket] = triage.sample(Int32Array.of(0), random, split).problems;
      if (ticket !== undefined && rules[stage]?.includes(ruleOf(ticket)) === true) {
        return ticket;
      }
    }
  };
  const task: Task<Batch> = {
    name: 'staged-triage',
    stages: Object.keys(STAGES),
    vocabulary,
    horizon,
    startToken,
    actionMask,
    pooling,
    interaction,
    splits,
    sample: (stages, random, split) =>
      batchOf(
        Array.from(stages, (stage) => draw(stage, random, split)),
        stages,
      ),
    begin: (batch) => {
      const episodes = triage.begin?.(inner(batch));
      if (episodes === undefined) {
        throw new TypeError('Triage answers.');
      }
      return episodes;
    },
    score: (batch, actions, scores) => triage.score(inner(batch), actions, scores),
    group: ({ problems }, index) => ruleOf(problems[index] as TriageTicket),
    describe: (batch, index) => triage.describe(inner(batch), index),
  };
  // Problems that failed can come back.
  return Object.assign(task, { batchOf, problemAt: ({ problems }: Batch, index: number) => problems[index] });
}

export default { task: stagedTriage() } satisfies TrainerOptions;
