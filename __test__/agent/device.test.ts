import test from 'ava';
import { Agent, type AgentOptions, DeviceError, NativeLoadError } from 'innate';
import { echoTask } from '../support/echo-task.js';
import { fails } from '../support/failure.js';

const options: AgentOptions = { task: echoTask(), hiddenSize: 8 };
const prompts = { contexts: [0, 3], stages: [0, 1] };

test.serial('auto takes CUDA where it can be used, else the CPU, and says so once', async (t) => {
  const warnings: Error[] = [];
  const listen = (warning: Error): void => void warnings.push(warning);
  process.on('warning', listen);
  const agents = [await Agent.create({ ...options, device: 'auto' }), await Agent.create({ ...options, device: 'auto' })];
  // Warnings are emitted in the next tick.
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', listen);
  for (const { info } of agents) {
    t.is(info.deviceReason === undefined, info.device === 'cuda');
    t.is(info.engine, info.device === 'cuda' ? 'plain' : 'fused');
  }
  const [agent] = agents;
  t.is((await agent?.act(prompts))?.actions.length, 4);
  const said = warnings.filter((warning) => 'code' in warning && warning.code === 'INNATE_CPU');
  t.is(said.length, agent?.info.device === 'cuda' ? 0 : 1);
  for (const { name, message } of said) {
    t.is(name, 'InnateWarning');
    t.is(message, `device: 'auto' takes the CPU, because ${agent?.info.deviceReason}`);
  }
  await Promise.all(agents.map((each) => each.close()));
});

test('cuda is CUDA or a typed error, never the CPU', async (t) => {
  try {
    await using agent = await Agent.create({ ...options, device: 'cuda' });
    t.is(agent.info.device, 'cuda');
  } catch (error) {
    t.true(error instanceof NativeLoadError || error instanceof DeviceError, String(error));
    const { code, message, remedy } = error as DeviceError;
    t.is(code, error instanceof DeviceError ? 'ERR_DEVICE' : 'ERR_NATIVE_LOAD');
    t.regex(remedy ?? '', /device: 'cpu'/);
    t.notRegex(message, /\n/);
  }
});

test('the fused engine is for the CPU', async (t) => {
  await fails(t, () => Agent.create({ ...options, device: 'cuda', engine: 'fused' }), { code: 'ERR_OPTIONS', path: 'engine' });
  await using agent = await Agent.create({ ...options, device: 'auto', engine: 'fused' });
  t.like(agent.info, { device: 'cpu', engine: 'fused', deviceReason: "the engine 'fused' runs on the CPU only." });
});
