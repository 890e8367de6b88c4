// The binding by itself, with nothing of the SDK: node crates/innate-napi/tests/binding.mjs <addon.node>
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'

const addon = resolve(process.env.INNATE_ADDON ?? process.argv[2] ?? 'src/native/innate.linux-x64-gnu.node')
process.env.INNATE_ADDON = addon
const { BindingAgent, version } = createRequire(import.meta.url)(addon)

const options = {
  vocabSize: 18, stageCount: 3, hiddenSize: 96, horizon: 6, startToken: 10, pooling: 'own', layers: 1,
  seed: 7, device: 'cpu', engine: 'plain', threads: 1,
}
const losses = { valueCoef: 0.5, entropyCoef: 0.01, clipRange: Infinity, clipRangeHigh: Infinity, klCoef: 0 }
const optimizer = { learningRate: 3e-4, maxGradNorm: 1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
const n = 192
const contexts = Int32Array.from({ length: n * 4 }, (_, i) => (i % 4 === 3 ? 10 : (i * 7) % 10))
const stages = Int32Array.from({ length: n }, (_, i) => i % 3)
const returns = Float32Array.from({ length: n }, (_, i) => (i % 5) / 4)

const steps = (actions, change = {}) => ({ contexts, stages, actions, ...change })
const lessonOf = (agent, trajectories, { returns: of = returns, total, ...change } = {}) => {
  const values = { ...losses, ...optimizer, ...change }
  const numbers = Float64Array.from(agent.numberNames, name => values[name])
  return { trajectories, targets: { returns: of }, baseline: 'program', reduction: 'episode', total, numbers }
}
const update = (agent, actions, change) => agent.update(lessonOf(agent, steps(actions), change))

const parts = error => {
  const [code, path, message, remedy = 'none', ...rest] = error.message.split('\u001f')
  assert.ok(message && remedy && rest.length === 0, error.message)
  return { code, path, message }
}
const rejects = async (promise, code, path) => {
  const error = parts(await promise.then(() => assert.fail(`resolved, expected ${code}`), error => error))
  assert.equal(error.code, code, error.message)
  if (path !== undefined) assert.equal(error.path, path, error.message)
  return error.message
}
const iterate = async agent => {
  const rollout = await agent.rollout(contexts, stages, false)
  return [rollout, await update(agent, rollout.actions)]
}

if (!isMainThread || process.argv[3] === 'exit') {
  const agent = await BindingAgent.create(options)
  agent.rollout(contexts, stages, false)
  await iterate(agent)
  parentPort?.postMessage('at work')
  while (workerData?.forEver) await iterate(agent)
  update(agent, new Int32Array(n * 6)).catch(() => {})
  process.exit(0)
}

assert.match(version(), /^\d+\.\d+\.\d+$/)
const folder = mkdtempSync(join(tmpdir(), 'innate-binding-'))
const file = join(folder, 'agent.safetensors')

// Same seed, same numbers; inputs may be overwritten as soon as the call returns.
const agent = await BindingAgent.create(options)
const twin = await BindingAgent.create(options)
assert.equal(agent.options.vocabSize, 18)
assert.equal(agent.options.actionMask, undefined)
assert.equal(agent.note(), '')
const scratch = contexts.slice()
const pending = twin.rollout(scratch, stages, false)
scratch.fill(0)
const first = await agent.rollout(contexts, stages, false)
assert.deepEqual(await pending, first)
assert.equal(first.actions.length, n * 6)
assert.ok(first.actions instanceof Int32Array && first.logProbs instanceof Float32Array)
const said = await agent.evaluateActions(steps(first.actions))
assert.equal(said.logits.length, n * 6 * 18)
assert.ok(said.logProbs.every((value, i) => Math.abs(value - first.logProbs[i]) < 1e-5))
const { gradients, ...stats } = await agent.gradients(lessonOf(agent, steps(first.actions)))
assert.deepEqual(agent.numberNames, [...Object.keys(losses), ...Object.keys(optimizer)])
assert.deepEqual(await update(agent, first.actions), stats)
assert.deepEqual(gradients.map(({ name }) => name), (await agent.stateDict()).map(({ name }) => name))
assert.deepEqual(gradients.find(({ name }) => name === 'rnn.weight_hh_l0').shape, [288, 96])

// Gradients wait until they are applied: halves of the rows, with the whole's totals, step as the whole does.
const halves = [0, 1].map(odd => Uint32Array.from({ length: n / 2 }, (_, i) => 2 * i + odd))
const lesson = lessonOf(twin, steps(first.actions), { total: { rows: n, steps: 6 * n } })
for (const rows of halves) await twin.accumulate(lesson, rows)
await rejects(update(twin, first.actions), 'ERR_INPUT', 'gradient')
const waiting = await twin.gradient()
await twin.setGradient(null)
await rejects(twin.apply(optimizer), 'ERR_INPUT', 'gradient')
await twin.setGradient(waiting)
assert.ok(Math.abs((await twin.apply(optimizer)) - stats.gradNorm) < 1e-5)

// Work is off the JavaScript thread, and done in the order of the calls.
let ticks = 0
const timer = setInterval(() => ticks++, 1)
const order = []
await Promise.all([...Array(12).keys()].map(i => agent.evaluateActions(steps(first.actions)).then(() => order.push(i))))
clearInterval(timer)
assert.deepEqual(order, [...Array(12).keys()])
assert.ok(ticks > 3, `the event loop stood still: ${ticks} ticks`)

// Save, load, resume: bit-equal.
await agent.save(file, '{"stage":2}')
const bytes = readFileSync(file)
const loaded = await BindingAgent.load(file, 'cpu', 'plain', 1)
assert.equal(loaded.note(), '{"stage":2}')
assert.deepEqual(loaded.options, agent.options)
for (let i = 0; i < 3; i++) assert.deepEqual(await iterate(loaded), await iterate(agent))
assert.deepEqual(await loaded.stateDict(), await agent.stateDict())
await twin.loadStateDict(await agent.stateDict())
assert.deepEqual(await twin.stateDict(), await agent.stateDict())

// What is wrong is named; nothing has changed.
const before = await agent.stateDict()
const create = async change => BindingAgent.create({ ...options, ...change })
const bad = (change, path) => rejects(create(change), 'ERR_OPTIONS', path)
await bad({ vocabSize: 0 }, 'vocabSize')
await bad({ hiddenSize: 1.5 }, 'hiddenSize')
await bad({ seed: -1 }, 'seed')
await bad({ seed: 2 ** 53 }, 'seed')
await bad({ startToken: 18 }, 'startToken')
await bad({ engine: 'quick' }, 'engine')
await bad({ device: 'tpu' }, 'device')
await bad({ actionMask: new Uint8Array(3) }, 'actionMask')
await rejects(create({ device: 'cuda' }), 'ERR_DEVICE', 'device')
await rejects(agent.rollout(Int32Array.of(1, 99), Int32Array.of(0), true), 'ERR_INPUT', 'contexts[1]')
await rejects(agent.rollout(new Int32Array(0), new Int32Array(0), true), 'ERR_INPUT', 'stages')
await rejects(agent.evaluateActions(steps(new Int32Array(5))), 'ERR_INPUT', 'actions')
await rejects(update(agent, first.actions, { returns: returns.map(() => NaN) }), 'ERR_INPUT', 'returns[0]')
await rejects(update(agent, first.actions, { beta1: 1 }), 'ERR_INPUT', 'beta1')
await rejects(update(agent, first.actions, { valueCoef: undefined }), 'ERR_INPUT', 'valueCoef')
const short = { ...lessonOf(agent, steps(first.actions)), numbers: new Float64Array(2) }
await rejects((async () => agent.update(short))(), 'ERR_OPTIONS', 'clipRange')
await rejects(update(agent, first.actions, { returns: returns.map(() => 1e30) }), 'ERR_NON_FINITE', 'loss')
await rejects(agent.loadStateDict(before.slice(1)), 'ERR_INPUT', 'emb.weight')
await rejects(agent.save(join(folder, 'none', 'x'), ''), 'ERR_CHECKPOINT')
await rejects(BindingAgent.load(join(folder, 'none'), 'cpu', 'plain', 1), 'ERR_CHECKPOINT')
await rejects(BindingAgent.load(file, 'cpu', 'x', 1), 'ERR_OPTIONS', 'engine')
await rejects(BindingAgent.load(file, 'cuda', 'plain', 1), 'ERR_DEVICE')
truncateSync(file, bytes.length - 1)
assert.match(await rejects(BindingAgent.load(file, 'cpu', 'plain', 1), 'ERR_CHECKPOINT', file), /safetensors/)
assert.deepEqual(await agent.stateDict(), before)

// A panic rejects its own call. One that may have left the weights half written closes the door on all but stateDict().
assert.match(await rejects(agent.panicForTest(false), 'ERR_INTERNAL'), /a panic for a test/)
await iterate(agent)
assert.match(await rejects(twin.panicForTest(true), 'ERR_INTERNAL'), /a panic for a test/)
assert.match(await rejects(twin.rollout(contexts, stages, true), 'ERR_INTERNAL'), /earlier call panicked/)
assert.equal((await twin.stateDict()).length, 10)

// close() waits for what is queued.
let settled = 0
const queued = [1, 2, 3].map(() => loaded.evaluateActions(steps(first.actions)).then(() => settled++))
await loaded.close()
await Promise.all(queued)
assert.equal(settled, 3)
await rejects(loaded.rollout(contexts, stages, true), 'ERR_CLOSED', '')
await loaded.close()

// Long programs: the backward pass recurses over the graph.
const long = await BindingAgent.create({ ...options, hiddenSize: 8, horizon: 3000 })
const one = await long.rollout(contexts.slice(0, 4), stages.slice(0, 1), false)
const trajectories = { contexts: contexts.slice(0, 4), stages: stages.slice(0, 1), actions: one.actions }
await long.update(lessonOf(long, trajectories, { returns: returns.slice(0, 1) }))

// A worker thread that ends in the middle of a job.
const code = await new Promise(done => new Worker(new URL(import.meta.url)).on('exit', done))
assert.equal(code, 0)

// One that is terminated there, and a process that exits there.
for (let ms = 0; ms < 10; ms += 2) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { forEver: true } })
  await new Promise(done => worker.once('message', done))
  await new Promise(done => setTimeout(done, ms))
  assert.equal(await worker.terminate(), 1)
}
const exited = spawnSync(process.execPath, [new URL(import.meta.url).pathname, addon, 'exit'])
assert.deepEqual([exited.status, exited.signal, exited.stderr.toString()], [0, null, ''])
await iterate(agent)

// No memory for a result is an error.
const allocates = Float32Array
globalThis.Float32Array = class { constructor() { throw new RangeError('Array buffer allocation failed') } }
await rejects(agent.evaluateActions(steps(first.actions)), 'ERR_INPUT', 'memory')
globalThis.Float32Array = allocates
await agent.evaluateActions(steps(first.actions))

rmSync(folder, { recursive: true })
const started = performance.now()
const runs = 20
for (let i = 0; i < runs; i++) await update(agent, first.actions)
console.log(`ok; ${((performance.now() - started) / runs).toFixed(1)} ms an update of ${n} problems (plain)`)
// `agent` stays open: an idle agent must not keep the process alive.
