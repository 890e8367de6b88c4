import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calibrate, ratioOf, showRatio } from './lib/blocks.js';
import { type Goal, goalsTable, interleave, table, times } from './lib/measure.js';
import { report } from './lib/page.js';
import { nodePeer, type Peer, type PeerSpec, script, startPeers } from './lib/peers.js';
import { READING, readingAgent, readingProblems } from './lib/reading.js';
import { WrongResultError } from './lib/verify.js';
import { setUpPeers } from './setup.js';

const BLOCK = 1500;
const WANTED = 4;

/** An iteration with a GRU that reads prompts and attention to them, ours and JAX's, interleaved. */
export async function reading(command: string, rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'innate-bench-'));
  try {
    const file = join(folder, 'agent.safetensors');
    await using agent = await readingAgent();
    await agent.save(file);
    const env = { BENCH_READING: JSON.stringify(READING), BENCH_GOLDEN: file };
    const specs: readonly PeerSpec[] = [
      { id: 'innate', title: 'innate, `agent.act` and `agent.update`', command: nodePeer('reading') },
      {
        id: 'jax',
        title: 'JAX jit, one program: a scan that samples, one that is differentiated',
        needs: 'jax',
        command: script('jax_reading'),
        env,
      },
      { id: 'jaxTuned', title: 'JAX jit, tuned: one unrolled pass', needs: 'jax', command: script('jax_reading', 'tuned'), env },
    ];
    const peers = await startPeers(specs, setUpPeers(), false);
    const blocks = new Map<string, (readonly number[])[]>(peers.map(({ spec }) => [spec.id, []]));
    const work: (() => Promise<void>)[] = [];
    for (const peer of peers) {
      if (peer.spec.id !== 'innate') {
        await compare(peer);
      }
      const count = await calibrate(peer, BLOCK);
      work.push(async () => {
        blocks.get(peer.spec.id)?.push(await peer.run(count));
      });
    }
    await interleave(work, rounds);
    for (const peer of peers) {
      peer.close();
    }
    const ours = blocks.get('innate') ?? [];
    const goals = peers.slice(1).map(({ spec: { id, title } }): Goal => {
      const { median } = ratioOf(blocks.get(id) ?? [], ours);
      return [`iteration against ${title}`, `${WANTED}× faster`, `${median.toPrecision(3)}× faster`, median >= WANTED];
    });
    const rows = peers.map(({ spec: { id, title } }) => {
      const all = blocks.get(id) ?? [];
      return [title, ...times(all.flat()), showRatio(ratioOf(all, ours)), `${all.flat().length}`];
    });
    report('reading', command, [goalsTable(goals), table(['engine', 'median', 'min', 'IQR', 'against ours', 'iterations'], rows)]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Stops the bench where a peer's loss or gradient is not ours. */
async function compare(peer: Peer): Promise<void> {
  await using agent = await readingAgent();
  const problems = readingProblems();
  const { actions } = await agent.act(problems);
  const { gradients, loss } = await agent.gradients({ ...problems, actions, maxGradNorm: Number.POSITIVE_INFINITY });
  const lists = { contexts: problems.contexts, returns: problems.returns, actions };
  const request = Object.fromEntries(Object.entries(lists).map(([name, numbers]) => [name, Array.from(numbers as ArrayLike<number>)]));
  const said = await peer.ask<{ loss: number; gradient: Record<string, number[]> }>({ type: 'compare', ...request });
  const off = Object.entries(gradients).map(([name, { data }]) => {
    const other = said.gradient[name] ?? [];
    return Math.max(...Array.from(data, (value, i) => Math.abs(value - (other[i] ?? NaN))));
  });
  if (!(Math.abs(said.loss - loss) <= 1e-5 && off.every((distance) => distance <= 1e-5))) {
    throw new WrongResultError(`${peer.spec.title}: loss ${said.loss} against ${loss}, gradient ${Math.max(...off)} apart.`);
  }
}
