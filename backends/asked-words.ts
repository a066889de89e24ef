/** What no scheduler can be asked for, whichever it is: a name that is empty, a word that no command can carry. */
import type { Resources } from './backend.ts';
import { whyNotGiven } from './process-text.ts';

export function whyNeverAsked(resources: Resources): string | undefined {
  const { queue, account, qos, constraint, reservation, gpus, options = {} } = resources;
  const names = { queue, account, qos, constraint, reservation, 'the type of gpus': gpus?.type };
  for (const [name, value] of Object.entries(names)) {
    if (value === '') return `${name} is empty; leave it out for what the site has set`;
    const reason = value && whyNotGiven(value);
    if (reason) return `${name} ${reason}`;
  }
  const reason = Object.values(options).flat().map(whyNotGiven).find(Boolean);
  return reason && `a word of options ${reason}`;
}
