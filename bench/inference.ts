import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { distance } from '../__test__/support/weights.js';
import { type Goal, goalsTable, interleave, quantile, table, time, times } from './lib/measure.js';
import { rustExample } from './lib/native.js';
import { report } from './lib/page.js';
import { goldenPath, nodePeer, type Peer, type PeerSpec, peersFolder, pinned, script, startPeers } from './lib/peers.js';
import { assertClose } from './lib/verify.js';
import { setUpPeers } from './setup.js';

const BATCHES = [1, 256];
const KINDS = ['decision', 'program'] as const;
const BLOCK = 200;
const PLACES = KINDS.flatMap((kind) => BATCHES.map((batch) => `${kind}, batch ${batch}`));

/** One greedy decision, and one greedy program of 6 tokens, at batch 1 and 256. */
export async function inference(command: string, rounds: number): Promise<void> {
  const missing = setUpPeers();
  const reason = missing['onnxruntime'] ?? missing['onnx'] ?? makeModels();
  if (reason !== undefined) {
    missing['onnxruntime'] = reason;
  }
  // Milliseconds a call, by what is measured and by engine.
  const samples = new Map<string, Map<string, number[]>>(PLACES.map((place) => [place, new Map()]));
  const add = (place: string, title: string, took: readonly number[]): void => {
    const own = samples.get(place);
    own?.set(title, [...(own.get(title) ?? []), ...took]);
  };
  const work: (() => Promise<void> | void)[] = [];
  const peers: Peer[] = [];
  for (const batch of BATCHES) {
    const started = await startPeers(peersAt(batch), missing, false);
    await assertSameAnswers(started, batch);
    peers.push(...started);
    for (const peer of started) {
      for (const kind of KINDS) {
        const ask = (): Promise<{ milliseconds: number[] }> => peer.ask({ type: kind, milliseconds: BLOCK });
        await ask();
        work.push(async () => add(`${kind}, batch ${batch}`, peer.spec.title, (await ask()).milliseconds));
      }
    }
    work.push(() => {
      const [decisions] = rustExample<{ step: number[] }>('decide', [batch, BLOCK], pinned()) ?? [];
      if (decisions !== undefined) {
        const took = decisions.step.map((each) => each / 1e6);
        add(`decision, batch ${batch}`, NATIVE, took);
      }
    });
  }
  await interleave(work, rounds);
  for (const peer of peers) {
    peer.close();
  }
  const cell = (place: string, title: string): string => {
    const found = samples.get(place)?.get(title);
    const [median, min, iqr] = found === undefined ? [] : times(found);
    return found === undefined ? '' : `${median} (${min}, ${iqr})`;
  };
  const goal = (title: string, what: string, wanted: number): Goal[] => {
    const found = samples.get('decision, batch 1')?.get(title);
    const median = quantile(found ?? [NaN], 0.5);
    return found === undefined ? [] : [[`batch-1 decision, ${what}`, `under ${wanted} µs`, time(median), 1000 * median < wanted]];
  };
  const titles = [...new Set([...samples.values()].flatMap((own) => [...own.keys()]))];
  report('inference', command, [
    goalsTable([...goal(NATIVE, 'native', 10), ...goal(SESSION, 'from TypeScript', 25)]),
    table(
      ['engine', ...PLACES],
      titles.map((title) => [title, ...PLACES.map((place) => cell(place, title))]),
    ),
  ]);
}

const NATIVE = 'innate, native session (Rust)';
const SESSION = 'innate, `session.step`';

function peersAt(batch: number): PeerSpec[] {
  const peer = (id: string, title: string): PeerSpec => ({ id, title, command: nodePeer('inference', id, `${batch}`) });
  return [
    peer('session', SESSION),
    peer('act', 'innate, `await agent.act`'),
    { ...peer('plain', 'eager Candle, `await agent.act`'), env: { RAYON_NUM_THREADS: '1' } },
    { ...peer('onnxruntime', 'onnxruntime-node, 1 thread'), needs: 'onnxruntime' },
    { ...peer('onnxruntimeTwo', 'onnxruntime-node, 2 threads'), needs: 'onnxruntime' },
  ];
}

/** All must emit the same programs. */
async function assertSameAnswers(peers: readonly Peer[], batch: number): Promise<void> {
  const answers = await Promise.all(peers.map((peer) => peer.ask<{ actions: number[] }>({ type: 'answers' })));
  for (const [i, { spec }] of peers.entries()) {
    assertClose(spec.title, `programs at batch ${batch}`, distance(answers[i]?.actions ?? [], answers[0]?.actions ?? []), 0);
  }
}

/** Why it failed, if it did. */
function makeModels(): string | undefined {
  const folder = peersFolder('models');
  mkdirSync(folder, { recursive: true });
  const [python = '', ...args] = script('onnx_model', goldenPath('own_context_stage0'), folder);
  try {
    execFileSync(python, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    return undefined;
  } catch (error) {
    return `its models could not be written: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`;
  }
}
