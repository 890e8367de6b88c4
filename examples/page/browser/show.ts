/**
 * @param id - Of an element of the page.
 * @param kind - What it is.
 * @returns The element.
 */
export function find<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) {
    throw new Error(`The page has no #${id} that is a ${kind.name}.`);
  }
  return found;
}

/** One bar of {@link showBars}. */
export interface Bar {
  readonly label: string;
  /** 0 to 1. */
  readonly probability: number;
  /** Whether it is what the agent decided. */
  readonly chosen: boolean;
  /** Whether it cannot be right any more. */
  readonly ruledOut?: boolean;
  /** Makes the bar a button. */
  readonly take?: (() => void) | undefined;
}

/** Shows probabilities, one a line, the bars as long as they are probable. */
export function showBars(list: HTMLElement, bars: readonly Bar[]): void {
  const focused = [...list.children].findIndex((item) => item.contains(document.activeElement));
  list.replaceChildren(
    ...bars.map(({ label, probability, chosen, ruledOut = false, take }) => {
      const item = document.createElement('li');
      item.className = `${chosen ? 'chosen' : ''} ${ruledOut ? 'ruled-out' : ''}`;
      item.style.setProperty('--share', `${100 * probability}%`);
      const name = document.createElement(take === undefined ? 'span' : 'button');
      name.className = 'name';
      name.textContent = label;
      name.addEventListener('click', () => take?.());
      const bar = document.createElement('span');
      bar.className = 'bar';
      bar.ariaHidden = 'true';
      const percent = document.createElement('span');
      percent.className = 'percent';
      percent.textContent = `${(100 * probability).toFixed(1)} %`;
      if (ruledOut) {
        // Who does not see the line through it hears it.
        name.append(Object.assign(document.createElement('span'), { className: 'unseen', textContent: ', ruled out' }));
      }
      item.append(name, bar, percent);
      if (chosen) {
        item.ariaCurrent = 'step';
      }
      return item;
    }),
  );
  list.children[focused]?.querySelector('button')?.focus();
}

/** Shows tokens side by side. */
export function showTokens(list: HTMLElement, tokens: readonly string[]): void {
  list.replaceChildren(...tokens.map((token) => Object.assign(document.createElement('li'), { textContent: token })));
}

/** Begins the page, and says so where it cannot. */
export async function open(begin: () => Promise<void>): Promise<void> {
  try {
    await begin();
    document.body.dataset['state'] = 'ready';
  } catch (error) {
    document.body.dataset['state'] = 'failed';
    find('status', HTMLElement).textContent = error instanceof Error ? error.message : String(error);
    throw error;
  }
}
