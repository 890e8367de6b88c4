import test from 'ava';
import { type Command, commandsOf, everyCommand } from '#dist/builtin/commands/command.js';
import { commands, createCommands } from '#dist/builtin/commands/commands.js';
import { checkTask } from '#dist/define/check/check-task.js';
import { OptionsError } from '#dist/errors/options-error.js';
import { Random } from '#dist/util/random.js';

/** What a command means, from its text: the rules written down a second time, from the outside in. */
function interpret(text: string): string[] {
  for (const [joint, swapped] of [
    [' after ', true],
    [' and ', false],
  ] as const) {
    const at = text.indexOf(joint);
    if (at >= 0) {
      const [first, second] = [interpret(text.slice(0, at)), interpret(text.slice(at + joint.length))];
      return swapped ? [...second, ...first] : [...first, ...second];
    }
  }
  for (const [word, times] of [
    [' twice', 2],
    [' thrice', 3],
  ] as const) {
    if (text.endsWith(word)) {
      return Array.from({ length: times }, () => interpret(text.slice(0, -word.length))).flat();
    }
  }
  const [verb = '', ...rest] = text.split(' ');
  const act = verb === 'turn' ? [] : [verb.toUpperCase()];
  const side = rest.at(-1);
  const turn = side === undefined ? [] : [side === 'left' ? 'LTURN' : 'RTURN'];
  switch (rest.length === 2 ? rest[0] : '') {
    case 'opposite':
      return [...turn, ...turn, ...act];
    case 'around':
      return Array.from({ length: 4 }, () => [...turn, ...act]).flat();
    default:
      return [...turn, ...act];
  }
}

function textOf({ words }: Command): string {
  return words.join(' ');
}

test('there are 20,910 commands, and each means what its text says', (t) => {
  const all = everyCommand();
  t.is(all.length, 20_910);
  t.is(new Set(all.map(textOf)).size, 20_910);
  t.true(all.every((command) => command.actions.join(' ') === interpret(textOf(command)).join(' ')));
  t.is(Math.max(...all.map(({ actions }) => actions.length)), 48);
  t.is(Math.max(...all.map(({ words }) => words.length)), 9);
  const mean = all.reduce((sum, { actions }) => sum + actions.length, 0) / all.length;
  t.is(mean.toFixed(1), '14.3');
});

test('examples of the paper', (t) => {
  const actionsOf = (text: string) =>
    everyCommand()
      .find((command) => textOf(command) === text)
      ?.actions.join(' ');
  t.is(actionsOf('jump'), 'JUMP');
  t.is(actionsOf('jump left'), 'LTURN JUMP');
  t.is(actionsOf('jump around right'), 'RTURN JUMP RTURN JUMP RTURN JUMP RTURN JUMP');
  t.is(actionsOf('turn left twice'), 'LTURN LTURN');
  t.is(actionsOf('jump thrice'), 'JUMP JUMP JUMP');
  t.is(actionsOf('jump opposite left and walk thrice'), 'LTURN LTURN JUMP WALK WALK WALK');
  t.is(actionsOf('jump opposite left after walk around left'), 'LTURN WALK LTURN WALK LTURN WALK LTURN WALK LTURN LTURN JUMP');
});

test('the splits have the published sizes', (t) => {
  const { train, test: held } = commandsOf('length');
  t.deepEqual([train.length, held.length], [16_990, 3_920]);
  t.true(train.every(({ actions }) => actions.length <= 22));
  t.true(held.every(({ actions }) => actions.length > 22));
  const simple = commandsOf('simple');
  t.deepEqual([simple.train.length, simple.test.length], [16_728, 4_182]);
  const texts = new Set(simple.train.map(textOf));
  t.false(simple.test.some((command) => texts.has(textOf(command))));
});

test('every command is right by its actions and STOP, and by no other program', (t) => {
  for (const command of everyCommand()) {
    const { success, episodeReturn } = commands.trace(command, 0, commands.program(...command.actions, 'STOP'));
    t.true(success && episodeReturn === 1, textOf(command));
  }
  const command: Command = { words: ['walk', 'left'], actions: ['LTURN', 'WALK'] };
  const successOf = (...tools: Parameters<typeof commands.program>) => commands.trace(command, 0, commands.program(...tools)).success;
  t.false(successOf('LTURN', 'WALK'));
  t.false(successOf('LTURN', 'STOP'));
  t.false(successOf('LTURN', 'WALK', 'WALK', 'STOP'));
  t.false(successOf('RTURN', 'LTURN', 'WALK', 'STOP'));
});

test('stages have commands up to their length, and what is held out is never trained on', (t) => {
  for (const [split, lengths] of [
    ['simple', [4, 8, 16, 48]],
    ['length', [4, 8, 16, 22]],
  ] as const) {
    const task = createCommands({ split });
    t.deepEqual(
      task.stages,
      lengths.map((length) => `to-${length}`),
    );
    const held = new Set(commandsOf(split).test.map(textOf));
    for (const [stage, length] of lengths.entries()) {
      const { problems } = task.sample(new Int32Array(2000).fill(stage), new Random(stage));
      t.is(Math.max(...problems.map(({ actions }) => actions.length)), length);
      t.false(problems.some((command) => held.has(textOf(command))));
    }
  }
});

test('without endOnly each quarter of the sequence is paid, up to the first wrong action', (t) => {
  const task = createCommands({ endOnly: false });
  const command: Command = {
    words: ['walk', 'around', 'left'],
    actions: ['LTURN', 'WALK', 'LTURN', 'WALK', 'LTURN', 'WALK', 'LTURN', 'WALK'],
  };
  const worth = (...tools: Parameters<typeof task.program>) =>
    Math.round(100 * task.trace(command, 0, task.program(...tools)).episodeReturn) / 100;
  t.is(worth('LTURN'), 0);
  t.is(worth('LTURN', 'WALK'), 0.1);
  t.is(worth('LTURN', 'LTURN', 'LTURN', 'WALK'), 0);
  t.is(worth(...command.actions.slice(0, 7)), 0.3);
  t.is(worth(...command.actions, 'STOP'), 1.4);
  t.is(worth(...command.actions, 'WALK', 'STOP'), 0.4);
});

test('checkTask: solvable; that order is lost to a mean is said until prompts are read in order', (t) => {
  const task = createCommands({ endOnly: false });
  const { findings } = checkTask(task, { problems: 8, samples: 200, maxStates: 2000 });
  t.deepEqual(
    findings.filter(({ severity, code }) => severity === 'error' && code !== 'indistinguishable'),
    [],
  );
});

test('options that are wrong or unknown are refused', (t) => {
  const paths = (options: unknown) =>
    t.throws(() => createCommands(options as never), { instanceOf: OptionsError })?.issues.map(({ path }) => path);
  t.deepEqual(paths({ split: 'jump', endOnly: 0, mask: 'applicable' }), ['split', 'endOnly', 'mask']);
  t.deepEqual(paths({ length: 22 }), ['length']);
});
