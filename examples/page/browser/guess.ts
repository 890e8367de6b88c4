// The page of the environment: whoever sits before it is the environment, thinks of a number and answers.
import { guessNumberAnswers } from 'innate/environments';
import { Agent } from 'innate/infer';
import { Decider, type Decision } from './decider.js';
import { find, open, showBars, showTokens } from './show.js';

type Answer = 'HIGHER' | 'LOWER' | 'CORRECT';

const NUMBERS = 7;
const GUESSES = 3;
const status = find('status', HTMLElement);
const buttons: Readonly<Record<Answer, HTMLButtonElement>> = {
  HIGHER: find('higher', HTMLButtonElement),
  LOWER: find('lower', HTMLButtonElement),
  CORRECT: find('correct', HTMLButtonElement),
};

class Game {
  readonly #decider: Decider;
  readonly #said: string[] = [];
  #guesses = 1;
  /** What the answers leave. */
  #from = 1;
  #to = NUMBERS;
  #over = false;
  #decision: Decision;

  constructor(decider: Decider) {
    this.#decider = decider;
    decider.begin();
    this.#decision = decider.decide(0);
    this.#show('Think of a number from 1 to 7.');
  }

  answer(answer: Answer): void {
    if (this.#over) {
      return;
    }
    const guess = this.#decision.action + 1;
    this.#said.push(`${guess}: ${answer.toLowerCase()}`);
    const found = answer === 'CORRECT';
    if (!found) {
      this.#from = answer === 'HIGHER' ? Math.max(this.#from, guess + 1) : this.#from;
      this.#to = answer === 'LOWER' ? Math.min(this.#to, guess - 1) : this.#to;
    }
    this.#over = found || this.#guesses === GUESSES || this.#from > this.#to;
    if (!this.#over) {
      this.#guesses += 1;
      this.#decision = this.#decider.decide(guessNumberAnswers.indexOf(answer));
    }
    this.#show(this.#verdict(found, guess));
  }

  #verdict(found: boolean, guess: number): string {
    if (found) {
      return `The agent found ${guess} with guess ${this.#guesses} of ${GUESSES}.`;
    }
    if (this.#from > this.#to) {
      return 'No number fits these answers.';
    }
    return this.#over ? 'You win: it has no guess left.' : '';
  }

  #show(first: string): void {
    const { action, probabilities } = this.#decision;
    const question = this.#over ? '' : `Guess ${this.#guesses} of ${GUESSES}: is it ${action + 1}?`;
    status.textContent = `${first} ${question}`.trim();
    showTokens(find('heard', HTMLElement), this.#said.length === 0 ? ['nothing yet'] : this.#said);
    for (const button of Object.values(buttons)) {
      button.disabled = this.#over;
    }
    const bars = probabilities.map((probability, index) => ({
      label: String(index + 1),
      probability,
      chosen: index === action,
      ruledOut: index + 1 < this.#from || index + 1 > this.#to,
    }));
    showBars(find('alternatives', HTMLElement), bars);
  }
}

await open(async () => {
  const decider = await Decider.of(await Agent.load(await fetch('guess-number.safetensors')), NUMBERS);
  let game = new Game(decider);
  for (const [answer, button] of Object.entries(buttons)) {
    button.addEventListener('click', () => game.answer(answer as Answer));
  }
  find('again', HTMLButtonElement).addEventListener('click', () => {
    game = new Game(decider);
  });
  const keys: Readonly<Record<string, Answer>> = { ArrowUp: 'HIGHER', ArrowDown: 'LOWER' };
  document.addEventListener('keydown', (event) => {
    const answer = keys[event.key];
    if (answer !== undefined && !event.altKey && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      game.answer(answer);
    }
  });
});
