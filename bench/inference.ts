import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { distance } from '../__test__/support/weights.js';
import { pinned } from './lib/peer.js';
import { nodePeer, type PeerSpec, script, setUpPeers } from './lib/peer-list.js';
import { peersFolder, ROOT } from './lib/peers-folder.js';
import { writeResults } from './lib/results.js';
import { rotations } from './lib/rounds.js';
import { rustExample } from './lib/rust-example.js';
import { type Started, startPeers } from './lib/start-peers.js';
import { type Summary, summarize } from './lib/stats.js';
import { assertClose } from './lib/verify.js';

/** One way to infer, milliseconds a call. */
export interface InferenceResult {
  readonly id: string;
  readonly title: string;
  readonly batch: number;
  readonly what: 'decision' | 'program';
  readonly time: Summary;
}

/** What `inference.json` holds beside command and machine. */
export interface InferenceResults {
  readonly results: readonly InferenceResult[];
  readonly absent: readonly { readonly title: string; readonly reason: string }[];
}

const BATCHES = [1, 256];
const BLOCK = 200;

/**
 * One greedy decision, and one greedy program of 6 tokens, at batch 1 and 256.
 *
 * @param command - How this was called.
 * @param rounds - Rounds.
 */
export async function inference(command: string, rounds: number): Promise<void> {
  const missing = { ...setUpPeers() };
  if (missing['onnxruntime'] === undefined) {
    const reason = missing['onnx'] ?? makeModels();
    if (reason !== undefined) {
      missing['onnxruntime'] = reason;
    }
  }
  const samples = new Map<string, { readonly result: Omit<InferenceResult, 'time'>; readonly times: number[] }>();
  const add = (result: Omit<InferenceResult, 'time'>, times: readonly number[]): void => {
    const key = `${result.id} ${result.what} ${result.batch}`;
    const entry = samples.get(key) ?? { result, times: [] };
    samples.set(key, { result, times: [...entry.times, ...times] });
  };
  const work: (() => Promise<void>)[] = [];
  const open: Started[] = [];
  const absent: InferenceResults['absent'][number][] = [];
  for (const batch of BATCHES) {
    const field = await startPeers(peersAt(batch), missing, false);
    await assertSameAnswers(field.started, batch);
    open.push(...field.started);
    absent.push(...field.absent.filter(({ title }) => !absent.some((known) => known.title === title)));
    for (const { spec, peer } of field.started) {
      for (const what of ['decision', 'program'] as const) {
        const ask = async (): Promise<number[]> => (await peer.ask({ type: what, milliseconds: BLOCK }))['milliseconds'] as number[];
        await ask();
        work.push(async () => add({ id: spec.id, title: spec.title, batch, what }, await ask()));
      }
    }
    const decide = rustExample('decide');
    if (decide !== undefined) {
      work.push(async () =>
        add({ id: 'native', title: 'innate, native session (Rust)', batch, what: 'decision' }, nativeDecisions(decide, batch)),
      );
    }
  }
  console.log(`${rounds} rounds of ${work.length} blocks of ${BLOCK} ms ...`);
  for (const order of rotations(work, rounds)) {
    for (const block of order) {
      await block();
    }
  }
  for (const { peer } of open) {
    peer.close();
  }
  const results = [...samples.values()].map(({ result, times }) => ({ ...result, time: summarize(times) }));
  writeResults<InferenceResults>('inference', command, { results, absent });
}

function peersAt(batch: number): PeerSpec[] {
  const peer = (id: string, title: string, env: Record<string, string> = {}): PeerSpec => {
    return { id, title, ...nodePeer('inference', [id, `${batch}`], env) };
  };
  return [
    peer('session', 'innate, `session.step`'),
    peer('act', 'innate, `await agent.act`'),
    peer('plain', 'eager Candle, `await agent.act`', { RAYON_NUM_THREADS: '1' }),
    { ...peer('onnxruntime', 'onnxruntime-node, 1 thread'), needs: 'onnxruntime' },
    { ...peer('onnxruntimeTwo', 'onnxruntime-node, 2 threads'), needs: 'onnxruntime' },
  ];
}

/** All must emit the same programs. */
async function assertSameAnswers(started: readonly Started[], batch: number): Promise<void> {
  const answers = await Promise.all(started.map(async ({ peer }) => (await peer.ask({ type: 'answers' }))['actions'] as number[]));
  for (const [i, { spec }] of started.entries()) {
    assertClose(spec.title, `programs at batch ${batch}`, distance(answers[i] ?? [], answers[0] ?? []), 0);
  }
}

/** @returns Why it failed, if it did. */
function makeModels(): string | undefined {
  const folder = peersFolder('models');
  mkdirSync(folder, { recursive: true });
  const { command, args } = script('onnx_model', [`${ROOT}__test__/golden/tutorial/own_context_stage0.safetensors`, folder]);
  try {
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    return undefined;
  } catch (error) {
    return `its models could not be written: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`;
  }
}

function nativeDecisions(program: string, batch: number): number[] {
  const [command = program, ...args] = [...pinned(2), program, `${batch}`, `${BLOCK}`];
  const { step } = JSON.parse(execFileSync(command, args, { encoding: 'utf8' })) as { readonly step: readonly number[] };
  return step.map((each) => each / 1e6);
}
