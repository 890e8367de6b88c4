import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { innate, numbersIn, projectWith, Running } from '../support/command.js';

const TASK = `
import { defineTask } from 'innate';
export const task = defineTask({
  name: 'count',
  stages: ['low', 'high'],
  horizon: 4,
  symbols: ['1', '2', '3'],
  contextLength: 2,
  sample: (random, stage) => 1 + random.int(stage === 'low' ? 2 : 3),
  encode: (target) => [String(target)],
  start: () => ({ sum: 0 }),
  tools: { ADD: { run: (state) => { state.sum += 1; } }, DONE: { ends: true } },
  success: (state, target) => state.sum === target,
  target: (target) => String(target),
});
`;

const SHORT = ['--hidden-size', '16', '--batch-size', '32', '--threads', '1'];

test('a run is trained, kept, measured, explained, looked into and resumed, by its folder alone', (t) => {
  const cwd = projectWith(t);
  const trained = innate(cwd, [
    'train',
    '--task',
    'arithmetic',
    '--stages',
    '0,multiply-add-subtract',
    '--iterations',
    '3',
    '--seed',
    '7',
    ...SHORT,
  ]);
  t.is(trained.code, 0, trained.stderr);
  t.regex(
    trained.stdout,
    /^6 iterations, 192 episodes, [\d.]+ s\nKept in runs\/arithmetic\/checkpoint-000001-w1-[0-9a-f]{16}\.safetensors\n$/,
  );
  t.regex(trained.stderr, /^Stage 0 \(multiply-add\): at most 3 iterations\n/, 'plain lines');
  t.deepEqual(JSON.parse(readFileSync(join(cwd, 'runs/arithmetic/command.json'), 'utf8')), { version: 1, task: { name: 'arithmetic' } });

  const evaluated = innate(cwd, ['evaluate', 'runs/arithmetic', '--problems', '50', '--samples', '2', '--stages', '1']);
  t.regex(
    evaluated.stdout,
    /^Stage 1 \(multiply-add-subtract\): success [\d.<> ]+ %, return -?\d\.\d{3}, 50 problems, pass@1 .* %, pass@2 .* %\n$/,
  );
  const { stages } = JSON.parse(innate(cwd, ['evaluate', 'runs/arithmetic', '--problems', '50', '--json']).stdout);
  t.is(stages.length, 3);
  t.like(stages[2], { stage: 2, problems: 50 });

  const explained = innate(cwd, ['explain', 'runs/arithmetic', '--problems', '2']);
  t.is(explained.stdout.match(/^Stage \d \(.*\)$/gm)?.length, 3);
  t.is(explained.stdout.match(/ {2}target -?\d+ .*, reward /g)?.length, 6);
  t.is(JSON.parse(innate(cwd, ['explain', 'runs/arithmetic', '--problems', '2', '--stages', '0', '--json']).stdout).problems.length, 2);

  const inspected = JSON.parse(innate(cwd, ['inspect', 'runs/arithmetic', '--json'], { NAPI_RS_NATIVE_LIBRARY_PATH: '/none.node' }).stdout);
  t.like(inspected, {
    version: '2',
    note: { task: 'arithmetic' },
    streams: { rollouts: 6, seed: 7 },
    run: { kind: 'task', iterations: 6, entry: 2 },
  });
  t.like(inspected.folder, { path: 'runs/arithmetic', warnings: [], run: { task: { name: 'arithmetic' } } });
  t.like(inspected.folder.checkpoints[0], { good: true, iteration: 6 });
  t.deepEqual(
    inspected.tensors.find(({ name }: { name: string }) => name === 'pi.weight'),
    { name: 'pi.weight', shape: [18, 16] },
  );
  t.is(inspected.sha256, numbersIn(join(cwd, 'runs/arithmetic')));
  t.regex(innate(cwd, ['inspect', 'runs/arithmetic']).stdout, /\n {2}task +arithmetic\n[\s\S]*\n {2}pi\.weight +\[18, 16\]\n/);

  const resumed = innate(cwd, ['resume', 'runs/arithmetic', '--quiet']);
  t.deepEqual([resumed.code, resumed.stdout, resumed.stderr], [0, '', ''], 'nothing is shown');
  t.is(innate(cwd, ['train', '--task', 'arithmetic', '--iterations', '1', '--stages', '0', '--quiet', ...SHORT]).code, 0);
  t.true(existsSync(join(cwd, 'runs/arithmetic-2/manifest.json')), 'a new run has a folder of its own');
  const refused = innate(cwd, ['train', '--task', 'triage', '--folder', 'runs/arithmetic', '--quiet']);
  t.is(refused.code, 1);
  t.regex(refused.stderr, /holds the checkpoints of another run/);
  t.deepEqual(JSON.parse(readFileSync(join(cwd, 'runs/arithmetic/command.json'), 'utf8')).task, { name: 'arithmetic' }, 'left as it was');
});

test('a stage that misses its target is a failure, one with a fixed length is not', (t) => {
  const cwd = projectWith(t);
  const args = ['train', '--task', 'arithmetic', '--stages', '0', '--max-iterations', '2', '--save', 'agent.safetensors', ...SHORT];
  const { code, stdout } = innate(cwd, args);
  t.is(code, 1);
  t.regex(stdout, /^Stage 0 \(multiply-add\) did not reach its target\.$/m);
  t.regex(stdout, /^Saved the agent to agent\.safetensors$/m);
  const inspected = JSON.parse(innate(cwd, ['inspect', 'agent.safetensors', '--json']).stdout);
  t.is(inspected.run, undefined, 'an agent alone');
  t.is(innate(cwd, ['evaluate', 'agent.safetensors', '--problems', '10', '--quiet']).code, 0, 'a built-in task is known by its name');
  const { code: failed, stderr } = innate(cwd, ['resume', 'agent.safetensors']);
  t.is(failed, 1);
  t.regex(stderr, /holds an agent and no run that could be resumed/);
});

test('environments are trained in, in all their stages, and measured', (t) => {
  const cwd = projectWith(t);
  const trained = innate(cwd, ['train', '--environment', 'parity', '--steps', '2048', '--hidden-size', '16', '--json']);
  t.is(trained.code, 0, trained.stderr);
  t.like(JSON.parse(trained.stdout), { interrupted: false, reached: true, folder: 'runs/parity', iterations: 1, envSteps: 2048 });
  const evaluated = innate(cwd, ['evaluate', 'runs/parity', '--episodes', '10']);
  t.regex(evaluated.stdout, /^Stage 0 \(default\): success .* %, return .*, 10 episodes\n$/);
  const { code, stderr } = innate(cwd, ['explain', 'runs/parity']);
  t.is(code, 2);
  t.regex(stderr, /^--environment: has no problems that could be explained/);
});

test('a module of the user is loaded, found again from the folder, wherever both are moved, and said when it is gone', (t) => {
  const cwd = projectWith(t, { 'app/tasks/count.mjs': TASK });
  const app = join(cwd, 'app');
  const { code, stderr } = innate(app, ['train', '--task', './tasks/count.mjs', '--iterations', '2', '--folder', 'runs/a', ...SHORT]);
  t.is(code, 0, stderr);
  t.deepEqual(JSON.parse(readFileSync(join(app, 'runs/a/command.json'), 'utf8')).task, { module: '../../tasks/count.mjs' });
  renameSync(app, join(cwd, 'moved'));
  t.is(innate(cwd, ['resume', 'moved/runs/a', '--quiet']).code, 0);
  rmSync(join(cwd, 'moved/tasks'), { recursive: true });
  const gone = innate(cwd, ['resume', 'moved/runs/a']);
  t.is(gone.code, 2);
  t.regex(gone.stderr, /^task: names a file that is not there: .*moved\/tasks\/count\.mjs/);
  writeFileSync(join(cwd, 'other.mjs'), TASK.replace('horizon: 4', 'horizon: 5'));
  const other = innate(cwd, ['resume', 'moved/runs/a', '--task', 'other.mjs']);
  t.is(other.code, 2);
  t.regex(other.stderr, /^task\.horizon: is 5, the agent was made for 4/);
  writeFileSync(join(cwd, 'moved/runs/a/command.json'), '{"version":1,"task":7}');
  t.regex(innate(cwd, ['resume', 'moved/runs/a']).stderr, /^command\.json: is not what innate train writes/);
});

test('TypeScript is run where Node does that, and otherwise said to be none for this Node', (t) => {
  const cwd = projectWith(t, { 'task.ts': `${TASK}\nexport type Unused = number;\n` });
  const { code, stderr } = innate(cwd, ['train', '--task', './task.ts', '--iterations', '1', ...SHORT]);
  if ('typescript' in process.features && process.features.typescript !== false) {
    t.is(code, 0, stderr);
  } else {
    t.is(code, 2);
    t.regex(stderr, /^--task: is TypeScript, .*Node [\d.]+ does not run as it is \(.*task\.ts\)\. Use Node 22\.18 or newer, or compile it/);
  }
});

test('what a module throws is shown with its stack, and what it does not export is said', (t) => {
  const cwd = projectWith(t, {
    'throws.mjs': 'null.x;',
    'empty.mjs': '',
    'class.mjs': 'export default class Lift { constructor() { throw new Error("made"); } }',
  });
  const thrown = innate(cwd, ['check', '--task', './throws.mjs', '--json']);
  t.is(thrown.code, 1);
  t.regex(thrown.stderr, /--task: .*throws\.mjs could not be loaded\.[\s\S]*TypeError[\s\S]*throws\.mjs:1/);
  t.is(JSON.parse(thrown.stdout).error.code, null);
  const empty = innate(cwd, ['check', '--task', './empty.mjs']);
  t.is(empty.code, 2);
  t.regex(empty.stderr, /^--task: must name a module that exports a task, got undefined\. Export it by default, or as `task`\./);
  t.regex(innate(cwd, ['check', '--environment', './class.mjs']).stdout, /made/, 'a class is made by new');
  writeFileSync(join(cwd, 'sample.mjs'), TASK.replace('sample: (random, stage) =>', 'sample: (random, stage) => null.x +'));
  const within = innate(cwd, ['train', '--task', './sample.mjs', '--quiet']);
  t.is(within.code, 1);
  t.regex(within.stderr, /^task\.sample: [\s\S]*\nTypeError: [\s\S]*sample\.mjs:\d+/, 'with the stack of the function');
});

test('check says what it finds, by its exit code too', (t) => {
  const cwd = projectWith(t, { 'hard.mjs': TASK.replace('horizon: 4', 'horizon: 2') });
  const good = innate(cwd, ['check', '--task', 'arithmetic', '--problems', '16']);
  t.is(good.code, 0);
  t.regex(good.stdout, /^arithmetic: solvable \(horizon 7, 16 problems a stage searched\)/);
  const bad = innate(cwd, ['check', '--task', 'hard.mjs', '--json']);
  t.is(bad.code, 1, bad.stderr);
  t.like(JSON.parse(bad.stdout), { task: 'count', solvable: false });
  t.like(JSON.parse(innate(cwd, ['check', '--environment', 'parity', '--episodes', '20', '--json']).stdout), { usable: true });
});

test('a damaged checkpoint is found out by inspect and not used', (t) => {
  const cwd = projectWith(t);
  const args = [
    'train',
    '--task',
    'arithmetic',
    '--stages',
    '0',
    '--iterations',
    '4',
    '--every',
    '2',
    '--folder',
    'a',
    '--json',
    '-q',
    ...SHORT,
  ];
  const { checkpoint } = JSON.parse(innate(cwd, args).stdout);
  const bytes = readFileSync(join(cwd, checkpoint));
  bytes[bytes.length - 9] = (bytes[bytes.length - 9] ?? 0) ^ 1;
  writeFileSync(join(cwd, checkpoint), bytes);
  const { code, stdout, stderr } = innate(cwd, ['inspect', 'a']);
  t.is(code, 1);
  t.regex(stdout, /after 4 iterations, stage multiply-add {2}DAMAGED\n.*after 2 iterations, stage multiply-add\n/);
  t.regex(stderr, /^Warning: .*its checksum differs/);
});

// Windows has no signals that a process could be sent.
const posix = process.platform === 'win32' ? test.skip : test;

test('an agent is exported as ONNX', (t) => {
  const cwd = projectWith(t);
  t.is(innate(cwd, ['train', '--task', 'arithmetic', '--stages', '0', '--iterations', '1', '--folder', 'a', '--quiet', ...SHORT]).code, 0);
  const { code, stdout, stderr } = innate(cwd, ['export', 'a', 'agent.onnx', '--form', 'program', '--json']);
  t.is(code, 0, stderr);
  t.like(JSON.parse(stdout), { output: 'agent.onnx', form: 'program', bytes: readFileSync(join(cwd, 'agent.onnx')).length });
  t.regex(innate(cwd, ['export', 'a', 'step.onnx']).stdout, /^Wrote step\.onnx: [\d,]+ bytes\n$/);
  const wrong = innate(cwd, ['export', 'a', 'agent.onnx', '--form', 'whole']);
  t.is(wrong.code, 2);
  t.regex(wrong.stderr, /^--form: must be one of/);
});

const LONG = ['train', '--task', 'arithmetic', '--stages', '0,1', '--iterations', '500', '--seed', '5', '--every', '1000000', ...SHORT];

posix('Ctrl-C once: the update is finished and kept, and resume ends with the weights of the run that was not interrupted', async (t) => {
  const cwd = projectWith(t);
  t.is(innate(cwd, [...LONG, '--folder', 'whole', '--quiet']).code, 0);
  const running = new Running(cwd, [...LONG, '--folder', 'runs/a b']);
  await running.says(/Stage 0 /);
  running.child.kill('SIGINT');
  const { code, stderr } = await running.ended;
  t.is(code, 130, stderr);
  t.regex(stderr, /\nStopping after this iteration; once more stops at once\.\n/);
  t.regex(
    stderr,
    /Interrupted after \d+ iterations?\. Kept in runs\/a b\/checkpoint-\S+\.safetensors; to go on: innate resume "runs\/a b"\n$/,
  );
  t.not(numbersIn(join(cwd, 'runs/a b')), numbersIn(join(cwd, 'whole')), 'interrupted on the way');

  const second = new Running(cwd, ['resume', 'runs/a b', '--json']);
  await second.says(/Resumed after \d+ iterations/);
  second.child.kill('SIGTERM');
  const stopped = await second.ended;
  t.is(stopped.code, 130);
  t.like(JSON.parse(stopped.stdout), { interrupted: true, folder: 'runs/a b', resume: 'innate resume "runs/a b"' });

  const last = innate(cwd, ['resume', 'runs/a b', '--json']);
  t.is(last.code, 0, last.stderr);
  t.like(JSON.parse(last.stdout), { interrupted: false, iterations: 1000 });
  t.is(numbersIn(join(cwd, 'runs/a b')), numbersIn(join(cwd, 'whole')));
});

const SLOW = `
import { discrete } from 'innate';
import { setTimeout as sleep } from 'node:timers/promises';
export default () => ({
  observationSpace: discrete(2),
  actionSpace: discrete(2),
  reset: () => 0,
  step: async () => { await sleep(20); return { observation: 0, reward: 0, terminated: false, truncated: false }; },
  close: () => sleep(60_000),
});
`;

posix('Ctrl-C twice: it stops at once, unless the second is an echo of the first', async (t) => {
  const cwd = projectWith(t, { 'slow.mjs': SLOW });
  const running = new Running(cwd, ['train', '--environment', './slow.mjs', '--stages', '0', '--steps', '100000', '--folder', 'a']);
  await running.says(/Stage 0 /);
  running.child.kill('SIGINT');
  await running.says(/once more stops at once/);
  // npm and npx pass it on a second time.
  await sleep(50);
  running.child.kill('SIGINT');
  await sleep(2500);
  t.is(running.child.exitCode ?? running.child.signalCode, null, 'an environment is still being closed');
  running.child.kill('SIGINT');
  const { signal } = await running.ended;
  t.is(signal, 'SIGINT');
});
