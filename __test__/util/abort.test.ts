import { getEventListeners } from 'node:events';
import test from 'ava';
import { onAbort } from '#dist/util/abort.js';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

test('however many wait for an abort, a signal has one listener, and all are called', (t) => {
  const controller = new AbortController();
  const { signal } = controller;
  const called: number[] = [];
  const leave = [0, 1, 2].map((index) => onAbort(signal, () => called.push(index)));
  t.is(listeners(signal), 1);
  leave[1]?.();
  t.is(listeners(signal), 1);
  controller.abort();
  t.deepEqual(called, [0, 2]);
});

test('once all have left there is no listener, and leaving twice is leaving once', (t) => {
  const controller = new AbortController();
  const { signal } = controller;
  const called: string[] = [];
  const first = onAbort(signal, () => called.push('first'));
  const second = onAbort(signal, () => called.push('second'));
  first();
  first();
  t.is(listeners(signal), 1);
  second();
  t.is(listeners(signal), 0);
  const again = onAbort(signal, () => called.push('again'));
  t.is(listeners(signal), 1);
  second();
  t.is(listeners(signal), 1, 'who has left takes no other with them');
  controller.abort();
  t.deepEqual(called, ['again']);
  again();
  t.is(listeners(signal), 0);
});

test('each signal by itself', (t) => {
  const [one, other] = [new AbortController(), new AbortController()];
  const called: string[] = [];
  onAbort(one.signal, () => called.push('one'));
  onAbort(other.signal, () => called.push('other'));
  other.abort();
  t.deepEqual(called, ['other']);
});
