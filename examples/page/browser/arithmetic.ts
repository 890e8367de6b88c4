// The page of the task: one problem, one token at a time.
import { type ArithmeticProblem, type ArithmeticState, arithmetic, type MachineRun } from 'innate/define';
import { Agent } from 'innate/infer';
import { Decider, type Decision } from './decider.js';
import { find, open, showBars, showTokens } from './show.js';

const { machine, vocabulary, declaredStages } = arithmetic;
const TOOLS = machine.tools.map(({ token }) => token);
const operandsOf = (stage: number) => (declaredStages[stage] as { readonly operands: number }).operands;
const textOf = (token: number) => (vocabulary[token] ?? '').replace(/[[\]]/g, '');

const stageSelect = find('stage', HTMLSelectElement);
const digits = [...document.querySelectorAll<HTMLInputElement>('#digits input')];
const stepButton = find('step', HTMLButtonElement);
const runButton = find('run', HTMLButtonElement);
const status = find('status', HTMLElement);

class Problem {
  readonly #decider: Decider;
  readonly #problem: ArithmeticProblem;
  readonly #stage: number;
  readonly #run: MachineRun<ArithmeticProblem, ArithmeticState>;
  #decision: Decision;

  constructor(decider: Decider, operands: readonly number[], stage: number) {
    this.#decider = decider;
    this.#problem = { operands };
    this.#stage = stage;
    this.#run = machine.start(this.#problem, stage);
    const batch = arithmetic.encode([this.#problem], stage);
    decider.begin(batch);
    this.#decision = decider.decide();
    showTokens(find('prompt', HTMLElement), Array.from(batch.contexts, textOf));
    const { context, target } = arithmetic.describe(batch, 0);
    find('target', HTMLElement).textContent = target;
    find('program', HTMLElement).replaceChildren();
    status.textContent = `The agent is shown ${context} and has emitted nothing yet.`;
    this.#show();
  }

  /** Whether the program has ended, or has no step left. */
  get over(): boolean {
    return this.#run.ended || this.#run.steps === arithmetic.horizon;
  }

  /** @param token - What is emitted; what the agent decided where absent. */
  take(token = this.#decision.action): void {
    if (this.over) {
      return;
    }
    const { probabilities } = this.#decision;
    const ran = machine.step(this.#run, token);
    this.#list(token, probabilities[token] ?? NaN, ran);
    if (this.over) {
      const { success } = machine.outcome(this.#run);
      const answer = this.#run.ended ? `It answers ${this.#run.state.accumulator}` : 'It gives no answer in seven steps';
      status.textContent = `${answer}: ${success ? 'right' : 'wrong'}.`;
    } else {
      this.#decider.feed(token);
      this.#decision = this.#decider.decide();
      status.textContent = `${textOf(token)} ${ran ? 'was carried out' : 'could not be used, and did nothing'}.`;
    }
    this.#show();
  }

  #list(token: number, probability: number, ran: boolean): void {
    const { accumulator, memory } = this.#run.state;
    const row = find('program', HTMLTableSectionElement).insertRow();
    const own = token === this.#decision.action ? '' : ' (yours)';
    const machineSays = ran ? `${accumulator ?? 'empty'} | ${memory ?? 'empty'}` : 'did nothing';
    for (const text of [String(this.#run.steps), textOf(token) + own, `${(100 * probability).toFixed(1)} %`, machineSays]) {
      row.insertCell().textContent = text;
    }
  }

  #show(): void {
    const { accumulator, memory, cursor } = this.#run.state;
    find('accumulator', HTMLElement).textContent = String(accumulator ?? 'empty');
    find('memory', HTMLElement).textContent = String(memory ?? 'empty');
    const left = this.#problem.operands.slice(cursor, operandsOf(this.#stage));
    find('left', HTMLElement).textContent = left.join(' ') || 'none';
    stepButton.disabled = this.over;
    runButton.disabled = this.over;
    const { action, probabilities, value } = this.#decision;
    find('value', HTMLElement).textContent = this.over ? 'the program is over' : `expects a return of ${value.toFixed(2)} from here on`;
    const bars = TOOLS.map((token) => ({
      label: textOf(token),
      probability: this.over ? 0 : (probabilities[token] ?? NaN),
      chosen: !this.over && token === action,
      take: this.over ? undefined : () => this.take(token),
    }));
    showBars(find('alternatives', HTMLElement), bars);
  }
}

await open(async () => {
  const agent = await Agent.load(await fetch('arithmetic.safetensors'));
  const decider = await Decider.of(agent, agent.info.vocabSize);
  let problem: Problem;
  const begin = () => {
    const stage = stageSelect.selectedIndex;
    const operands = digits.map((input, index) => {
      input.disabled = index >= operandsOf(stage);
      const digit = Math.min(9, Math.max(0, Math.trunc(input.valueAsNumber || 0)));
      input.value = String(digit);
      return digit;
    });
    problem = new Problem(decider, operands, stage);
  };
  begin();
  stageSelect.addEventListener('change', begin);
  find('digits', HTMLFieldSetElement).addEventListener('change', begin);
  find('again', HTMLButtonElement).addEventListener('click', begin);
  find('random', HTMLButtonElement).addEventListener('click', () => {
    for (const input of digits) {
      input.value = String(Math.floor(10 * Math.random()));
    }
    begin();
  });
  stepButton.addEventListener('click', () => problem.take());
  runButton.addEventListener('click', () => {
    while (!problem.over) {
      problem.take();
    }
  });
});
