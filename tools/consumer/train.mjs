// Trains a little on the device that is asked for, or says why not. Prints what became of it as a user's program would meet it: one line of JSON.
import { InnateError, Trainer } from 'innate';

/** @type {unknown[]} */
const warnings = [];
process.on('warning', (warning) => warnings.push('code' in warning ? warning.code : warning.name));

try {
  const device = /** @type {'cpu' | 'cuda' | 'auto'} */ (process.argv[2]);
  for (const seed of [1, 2]) {
    const { agent, iterations } = await Trainer.run([{ stage: 0, iterations: 3 }], { device, seed, progress: false });
    const { info } = agent;
    await agent.close();
    if (seed === 2) {
      console.log(JSON.stringify({ iterations, device: info.device, reason: info.deviceReason, warnings }));
    }
  }
} catch (error) {
  const { code, message } = InnateError.isInstance(error) ? error : { code: 'not an InnateError', message: String(error) };
  console.log(JSON.stringify({ code, message, warnings }));
}
