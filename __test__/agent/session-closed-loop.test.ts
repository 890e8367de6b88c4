import test from 'ava';
import { Agent, Trainer } from 'innate';
import { cartPole } from 'innate/environments';
import { InputError } from '#dist/errors/input-error.js';
import { checkedBegin } from '#dist/task/checked-episodes.js';
import { supportDesk } from '../../examples/support-desk/task.js';

const TICKET = { order: 1, claim: 'missing', simulated: { status: 'lost', customer: 'premium', stock: 'in stock' } } as const;

test('a session steps a task that answers: prompt, symbols heard, masks, several rows', async (t) => {
  await using agent = await Agent.create({ task: supportDesk, seed: 4, hiddenSize: 16 });
  const tickets = [TICKET, { ...TICKET, simulated: { ...TICKET.simulated, status: 'delivered' } }] as const;
  const batch = supportDesk.encode(tickets, 0);
  const nothing = supportDesk.vocabulary.length;
  using session = await agent.session({ size: 2 });
  session.begin(batch);
  using again = await agent.session({ size: 2 });
  again.begin(batch);
  const episodes = checkedBegin(supportDesk, batch);
  const programs: number[][] = [[], []];
  for (let step = 0; step < supportDesk.horizon; step += 1) {
    const rows = [0, 1];
    const { actions, logProbs, values } = session.step({
      observation: rows.map((row) => Array.from(episodes.heard.subarray(row * 3, (row + 1) * 3))),
      actionMask: rows.map((row) => episodes.allowed?.subarray(row * nothing, (row + 1) * nothing)),
      deterministic: true,
    });
    const same = again.advance(undefined, episodes.heard, episodes.allowed, undefined, true);
    t.deepEqual([actions, logProbs, values], [same.actions, same.logProbs, same.values], 'the session of solve and of training');
    for (const row of rows) {
      t.is(episodes.allowed?.[row * nothing + (actions[row] ?? -1)], 1, 'within the mask');
      programs[row]?.push(actions[row] ?? -1);
    }
    episodes.step(actions);
  }
  // What is heard counts: without it both rows would go on alike.
  t.notDeepEqual(
    programs[0] && supportDesk.trace(tickets[0], 0, programs[0]).steps[1]?.heard,
    programs[1] && supportDesk.trace(tickets[1], 0, programs[1]).steps[1]?.heard,
  );
  const error = t.throws(() => session.step({ deterministic: true }), { instanceOf: InputError });
  t.is(error?.path, 'observation');
});

test('one row hears a list of symbols; reset is for environments, and says so', async (t) => {
  await using agent = await Agent.create({ task: supportDesk, seed: 4, hiddenSize: 16 });
  using session = await agent.session();
  session.begin(supportDesk.encode([TICKET], 0));
  const nothing = supportDesk.vocabulary.length;
  const mask = new Uint8Array(nothing);
  mask[supportDesk.token('LOOKUP')] = 1;
  const { actions, logProbs } = session.step({ observation: [nothing, nothing, nothing], actionMask: mask });
  t.deepEqual([actions[0], logProbs[0]], [supportDesk.token('LOOKUP'), 0]);
  t.is(t.throws(() => session.step({ observation: [nothing + 1, 0, 0] }), { instanceOf: InputError })?.path, 'observation[0]');
  t.regex(t.throws(() => session.reset(), { instanceOf: InputError })?.message ?? '', /for an agent that was made for an environment/);
});

test('sync goes on with newer weights and keeps what rows remember; reset makes single rows forget', async (t) => {
  const environment = () => cartPole({ observation: 'position' });
  const { observationSpace, actionSpace } = environment();
  const spaces = { observationSpace, actionSpace, hiddenSize: 16 };
  await using agent = await Agent.create({ ...spaces, seed: 1 });
  const moment = (row: number, step: number) => [0.1 * row + 0.05 * step, 0.02 * row - 0.01 * step];
  const stepped = (session: Awaited<ReturnType<Agent['session']>>, step: number) => {
    const { values } = session.step({ observation: [moment(0, step), moment(1, step)], deterministic: true });
    return [...values];
  };
  using session = await agent.session({ size: 2 });
  using kept = await agent.session({ size: 2 });
  const [first, second] = [stepped(session, 0), stepped(session, 1)];
  t.deepEqual([stepped(kept, 0), stepped(kept, 1)], [first, second]);

  session.reset([1]);
  const [a, b] = stepped(session, 0);
  const [c, d] = stepped(kept, 0);
  t.is(a, c, 'row 0 goes on');
  t.is(b, first[1], 'row 1 begins anew');
  t.not(d, first[1]);
  t.is(t.throws(() => session.reset([2]), { instanceOf: InputError })?.path, 'rows[0]');

  await Trainer.run([{ stage: 0, steps: 512 }], { environment, agent, envCount: 4, rolloutSteps: 64, learningRate: 0.05, progress: false });
  const before = stepped(kept, 1);
  t.deepEqual(stepped(session, 1)[0], before[0], 'weights of the time when it was made');
  await session.sync(agent);
  const after = stepped(session, 2);
  t.notDeepEqual(after, stepped(kept, 2));
  using fresh = await agent.session({ size: 2 });
  t.notDeepEqual(after, stepped(fresh, 2), 'states stay');
  session.reset();
  fresh.reset();
  t.deepEqual(stepped(session, 2), stepped(fresh, 2));
  await using other = await Agent.create({ ...spaces, hiddenSize: 8 });
  await t.throwsAsync(() => session.sync(other), { instanceOf: InputError });
});
