import type { EnvironmentError } from '../../errors/environment-error.js';
import { ActionCodec } from '../../spaces/action-codec.js';
import { percent } from '../../util/percent.js';
import { remembering } from './memory.js';
import { blame, type Player, type SeenEpisode, type SeenStep } from './player.js';
import type { EnvironmentFinding, EnvironmentStageReport } from './report.js';
import type { Watched } from './watch.js';

/** What {@link checkStage} works with. */
export interface StageCheck {
  readonly stage: number;
  readonly name: string;
  readonly episodes: number;
  readonly maxSteps: number;
  /** Two environments of their own. */
  readonly players: readonly [Player, Player];
  readonly watched: Watched;
}

/** Episodes that are played again, to see whether they are the same. */
const AGAIN = 4;
/** With more actions than these none is tried by itself. */
const MOST_ACTIONS = 32;
const CONSTANT_EPISODES = 20;
/** Mean returns beyond this are hard to learn from; so are rewards below the other. */
const LARGE_RETURN = 100;
const SMALL_REWARD = 0.01;
/** A best possible success below this is worth a word. */
const ALWAYS = 0.99;

type Find = (code: EnvironmentFinding['code'], severity: EnvironmentFinding['severity'], message: string, remedy?: string) => void;

/**
 * Plays a stage.
 *
 * @param check - See {@link StageCheck}.
 * @param findings - Added to.
 * @returns What was seen of it; undefined where the environment failed.
 */
export async function checkStage(check: StageCheck, findings: EnvironmentFinding[]): Promise<EnvironmentStageReport | undefined> {
  const { stage, name, players, episodes: count } = check;
  const find: Find = (code, severity, message, remedy) => findings.push({ code, severity, stage: name, message, remedy });
  const [player] = players;
  try {
    if (!(await repeats(check, find))) {
      return undefined;
    }
    const episodes = await player.play(
      stage,
      Array.from({ length: count }, (_, episode) => ({ episode: AGAIN + episode })),
    );
    const report = { ...summaryOf(episodes, name), constantAction: await constantAction(player, stage, episodes) };
    judge(check, report, episodes, find);
    await tryForbidden(check, find);
    return report;
  } catch (error) {
    reportFailure(blame(error), player, find);
    return undefined;
  }
}

/** Whether episodes are the same in another environment of the same past, and in the same one after another episode. */
async function repeats({ stage, players: [one, other] }: StageCheck, find: Find): Promise<boolean> {
  for (let episode = 0; episode < AGAIN; episode += 1) {
    const plans = [{ episode }, { episode: (episode + 1) % AGAIN }, { episode }];
    const played = await one.play(stage, plans);
    const twins = await other.play(stage, plans);
    const differs = played.map((seen, index) => difference(seen, twins[index])).find((place) => place !== undefined);
    if (differs !== undefined) {
      find(
        'seeding',
        'error',
        `two environments that were reset with the same random stream and given the same actions differ: ${differs}. No run can be repeated or resumed.`,
        'Draw all that is random from context.random; use neither Math.random nor the time.',
      );
      return false;
    }
    const leak = difference(played[0], played[2]);
    if (leak !== undefined) {
      find(
        'forgotten-reset',
        'error',
        `an episode that is played again in the same environment, after another one, differs: ${leak}. Something of an earlier episode is left.`,
        'Set every field anew in reset.',
      );
      return false;
    }
  }
  return true;
}

/** Where two episodes differ first; undefined where they do not. */
function difference(a: SeenEpisode | undefined, b: SeenEpisode | undefined): string | undefined {
  const one = a?.steps ?? [];
  const other = b?.steps ?? [];
  const names: Readonly<Record<keyof SeenStep, string>> = {
    observation: 'what is seen or allowed before it',
    action: 'what is allowed before it',
    reward: 'the reward',
    end: 'the end of the episode',
    next: 'what is seen or allowed after it',
  };
  for (let at = 0; at < Math.max(one.length, other.length); at += 1) {
    for (const key of ['observation', 'action', 'reward', 'end', 'next'] as const) {
      if (one[at]?.[key] !== other[at]?.[key]) {
        return `at step ${at + 1}, ${names[key]}`;
      }
    }
  }
  return a?.success === b?.success ? undefined : 'in its success';
}

function summaryOf(episodes: readonly SeenEpisode[], stage: string): Omit<EnvironmentStageReport, 'constantAction'> {
  const returns = episodes.map(({ episodeReturn }) => episodeReturn);
  const told = episodes.filter(({ success }) => success !== undefined);
  return {
    stage,
    episodes: episodes.length,
    endedFraction: mean(episodes.map(({ ended }) => (ended ? 1 : 0))),
    meanLength: mean(episodes.map(({ steps }) => steps.length)),
    meanReturn: mean(returns),
    returnRange: [Math.min(...returns), Math.max(...returns)],
    successRate: told.length === 0 ? undefined : mean(told.map(({ success }) => (success === true ? 1 : 0))),
  };
}

async function constantAction(
  player: Player,
  stage: number,
  episodes: readonly SeenEpisode[],
): Promise<EnvironmentStageReport['constantAction']> {
  const { actionCount } = player.vector;
  if (actionCount > MOST_ACTIONS || episodes.every(({ success }) => success === undefined)) {
    return undefined;
  }
  let best: EnvironmentStageReport['constantAction'];
  for (let action = 0; action < actionCount; action += 1) {
    const plans = Array.from({ length: CONSTANT_EPISODES }, (_, episode) => ({ episode, action }));
    const seen = await player.play(stage, plans);
    const successRate = mean(seen.map(({ success }) => (success === true ? 1 : 0)));
    if (best === undefined || successRate > best.successRate) {
      best = { action, successRate };
    }
  }
  return best;
}

function judge({ maxSteps }: StageCheck, report: EnvironmentStageReport, episodes: readonly SeenEpisode[], find: Find): void {
  const { endedFraction, returnRange, meanReturn, successRate, constantAction: constant } = report;
  if (endedFraction < 1) {
    find(
      'never-ends',
      'warning',
      `${percent(1 - endedFraction)} of the random episodes did not end within ${maxSteps} steps.`,
      'Cut episodes short with truncated: true after a number of steps, or raise maxSteps of the check.',
    );
  }
  const size = Math.max(Math.abs(returnRange[0]), Math.abs(returnRange[1]));
  const largest = episodes.reduce((most, { steps }) => steps.reduce((more, { reward }) => Math.max(more, Math.abs(reward)), most), 0);
  if (Math.abs(meanReturn) > LARGE_RETURN) {
    find(
      'reward-scale',
      'warning',
      `random episodes return ${meanReturn.toPrecision(3)} on average: values of such a size are slow to learn.`,
      'Divide the rewards, or have them normalised, so that returns are about −10 to 10.',
    );
  } else if (largest > 0 && size < SMALL_REWARD) {
    find(
      'reward-scale',
      'warning',
      `no random episode returns more than ${size.toPrecision(3)}: the bonus for entropy outweighs it.`,
      'Multiply the rewards, or have them normalised, so that returns are about −10 to 10.',
    );
  }
  const [worst, best] = returnRange;
  if (successRate === 0 && worst === best) {
    find(
      'sparse',
      'warning',
      `none of ${episodes.length} random episodes succeeds, and all return the same: there is nothing to learn from by chance.`,
      'Give rewards on the way, or an earlier stage in which random play succeeds now and then.',
    );
  } else if (successRate === undefined && worst === best) {
    find(
      'sparse',
      'warning',
      `all ${episodes.length} random episodes return ${meanReturn}: there is nothing to learn from by chance.`,
      'Give rewards on the way, or an earlier stage in which random play earns something now and then.',
    );
  }
  if (constant?.successRate === 1) {
    find(
      'constant-action',
      'warning',
      `action ${constant.action} alone succeeds in every episode: nothing has to be seen.`,
      'Make the aim depend on what is seen.',
    );
  }
  const { needsMemory, needsNoMemory, mostSuccess } = remembering(episodes);
  if (mostSuccess !== undefined && mostSuccess < ALWAYS) {
    find(
      'indistinguishable',
      'warning',
      `episodes that look the same need different answers: about ${percent(mostSuccess)} can succeed at best.`,
      'Show what tells them apart, or give an action that finds it out.',
    );
  }
  if (needsMemory) {
    find(
      'needs-memory',
      'note',
      'the same observation and action pay differently, and what came before says which: the network has to remember.',
    );
  } else if (needsNoMemory) {
    find('needs-no-memory', 'note', 'what comes next follows from observation and action: nothing has to be remembered.');
  }
}

/** Takes a forbidden action behind the vector's back, at the first mask that has one. */
async function tryForbidden({ stage, players, watched }: StageCheck, find: Find): Promise<void> {
  const [player] = players;
  const { environment } = watched;
  const { vector } = player;
  await player.play(stage, [{ episode: 0 }]);
  const forbidden = vector.actionMask?.indexOf(0) ?? -1;
  if (environment === undefined || forbidden < 0) {
    return;
  }
  try {
    await environment.step(new ActionCodec(environment.actionSpace).decode(forbidden));
  } catch {
    return;
  }
  find(
    'forbidden-accepted',
    'note',
    `step accepts action ${forbidden} where the mask forbids it.`,
    'Throw for it, or allow it: a mask that forbids too much hides what could be learned.',
  );
}

function reportFailure(error: EnvironmentError, { vector }: Player, find: Find): void {
  if (error.path === 'environment.step' && error.cause !== undefined && vector.actionMask?.includes(0) === true) {
    const message = `an action that the mask allows makes step throw: ${error.message}`;
    find('mask-disagrees', 'error', message, 'Forbid what step refuses: the mask is the one for the next step.');
  } else {
    find('invalid', 'error', error.message);
  }
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
