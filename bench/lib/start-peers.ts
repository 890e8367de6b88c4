import { golden } from '../../__test__/support/safetensors.js';
import { distance } from '../../__test__/support/weights.js';
import { Peer, PeerError } from './peer.js';
import type { PeerSpec } from './peer-list.js';
import { ROOT } from './peers-folder.js';
import { type CheckAnswer, unpack, unpackWeights } from './serve.js';
import { settings } from './settings.js';
import { assertClose, assertGolden } from './verify.js';

/** A peer that runs. */
export interface Started {
  readonly spec: PeerSpec;
  readonly peer: Peer;
}

/** Peers that run, and why the others do not. */
export interface Field {
  readonly started: Started[];
  readonly absent: { readonly title: string; readonly reason: string }[];
}

/**
 * Starts peers one after another.
 *
 * @param specs - Which.
 * @param missing - Why a part that {@link setUpPeers} installs is absent.
 * @param check - Whether their results are compared with the golden vectors first.
 * @returns Those that run, and those that do not.
 * @throws {@link WrongResultError} when a peer's results are wrong: nothing is worth timing then.
 */
export async function startPeers(specs: readonly PeerSpec[], missing: Readonly<Record<string, string>>, check: boolean): Promise<Field> {
  const field: Field = { started: [], absent: [] };
  for (const spec of specs) {
    const reason = missing[spec.needs ?? ''];
    if (reason !== undefined) {
      field.absent.push({ title: spec.title, reason });
      continue;
    }
    try {
      const peer = await Peer.start(spec);
      if (check) {
        await checkPeer(spec.title, peer);
      }
      console.log(`  ${spec.title} (${peer.name})${check ? ': results equal' : ''}`);
      field.started.push({ spec, peer });
    } catch (error) {
      if (!(error instanceof PeerError)) {
        throw error;
      }
      field.absent.push({ title: spec.title, reason: error.message });
    }
  }
  for (const { title, reason } of field.absent) {
    console.log(`  ${title}: absent (${reason})`);
  }
  return field;
}

async function checkPeer(title: string, peer: Peer): Promise<void> {
  const name = `own_context_stage${settings.stage}`;
  const path = `${ROOT}__test__/golden/tutorial/${name}.safetensors`;
  const file = golden(name);
  const { loss, gradNorm, logits, rewards, weights } = (await peer.ask({ type: 'check', golden: path })) as unknown as CheckAnswer;
  assertGolden(title, file, { loss, gradNorm, logits: unpack(logits), weights: unpackWeights(weights) });
  if (rewards !== undefined) {
    assertClose(title, 'rewards', distance(unpack(rewards), file.floats('step0.reward')), 1e-6);
  }
}
