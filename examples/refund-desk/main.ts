import { Trainer } from 'innate';
import { refundDesk } from './task.js';

const trainer = await Trainer.create({ task: refundDesk, seed: 1 });
const result = await trainer.run(refundDesk.stages);

for (const stage of result.stages) {
  console.log(`\n${String(stage.stage)}: ${(100 * stage.successRate).toFixed(1)} % right after ${stage.iterations} iterations`);
}
for (const stage of refundDesk.stages) {
  for (const { context, target, tokens, success } of await trainer.explain(stage, 3)) {
    console.log(`${success ? 'right' : 'WRONG'}  ${context}  →  ${tokens.join(' ')}  (due: ${target})`);
  }
}
if (!result.stages.every((stage) => stage.mastered)) {
  process.exitCode = 1;
}
