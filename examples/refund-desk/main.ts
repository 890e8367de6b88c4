import { Trainer } from 'innate';
import { refundDesk } from './task.js';

await using trainer = await Trainer.create({ task: refundDesk, seed: 1 });
const result = await trainer.run(refundDesk.stages);

for (const { stage, name, successRate, iterations } of result.stages) {
  console.log(`\n${name}: ${(100 * successRate).toFixed(1)} % right after ${iterations} iterations`);
  for (const { context, target, steps, executed, success } of await trainer.explain(stage, 3)) {
    const program = steps.slice(0, executed).filter(({ applied }) => applied !== false);
    const tokens = program.map(({ token }) => token).join(' ');
    console.log(`${success ? 'right' : 'WRONG'}  ${context}  →  ${tokens}  (due: ${target})`);
  }
}
if (!result.stages.every(({ mastered }) => mastered)) {
  process.exitCode = 1;
}
