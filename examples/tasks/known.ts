import { parseArgs } from 'node:util';
import { type StageSpec, type ToolTask, Trainer } from 'innate';

/**
 * Trains an agent on a built-in task, with a live line on standard error, and prints its success on what was held out, by group, and how it
 * solves three of these problems. `--seed` and `--iterations`, the most of a stage, on the command line come before the example's own.
 *
 * @param task - The task.
 * @param maxIterations - The most of a stage.
 */
export async function trainTask(task: ToolTask, maxIterations: number): Promise<void> {
  const { values } = parseArgs({
    options: { seed: { type: 'string', default: '1' }, iterations: { type: 'string', default: String(maxIterations) } },
  });
  await using trainer = await Trainer.create({ task, seed: Number(values.seed) });
  const stages = task.stages.map((stage): StageSpec => ({ stage, maxIterations: Number(values.iterations) }));
  const { iterations, seconds } = await trainer.run(stages);
  console.log(`\n${task.name} after ${iterations} iterations in ${seconds.toFixed(1)} s, greedy success on problems held out`);
  for (const { name, successRate, groups = [] } of await trainer.evaluate()) {
    console.log(`  ${name.padEnd(16)}  ${successRate.toFixed(3)}`);
    for (const { group, successRate: rate } of groups) {
      console.log(`    ${group.padEnd(14)}  ${rate.toFixed(3)}`);
    }
  }
  for (const { context, target, tokens, executed, success } of await trainer.explain(task.stages.at(-1) ?? 0, 3)) {
    console.log(`  ${context} → ${tokens.slice(0, executed).join(' ')} (${target}, ${success ? 'right' : 'wrong'})`);
  }
}
