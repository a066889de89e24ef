/** Which of the two families of commands is installed: asked once, of bjobs, and remembered. */
import type { Ask } from '../batch-driver.ts';
import type { CommandResult } from '../run-command.ts';
import { isMissing, whyNot } from '../why-not.ts';
import type { Dialect } from './ends.ts';
import { probeCommand } from './listing.ts';

export type Found =
  | { readonly dialect: Dialect }
  | { readonly unavailable: string; readonly result: CommandResult };

export class DialectFinder {
  /** Absent until bjobs has answered. */
  known: Dialect | undefined;

  async find(ask: Ask): Promise<Found> {
    if (this.known !== undefined) return { dialect: this.known };
    const result = await ask(probeCommand('spectrum'));
    this.known = dialectOf(result);
    return this.known === undefined
      ? { unavailable: whyNot('bjobs', result), result }
      : { dialect: this.known };
  }
}

/** Options and fields are checked before bjobs talks to anyone, so a refusal says nothing of the daemons. */
function dialectOf(result: CommandResult): Dialect | undefined {
  if (result.exitCode === undefined || result.timedOut || isMissing(result)) return undefined;
  if (/(invalid|illegal|unknown) option|is not a valid field name/i.test(result.stderr)) return 'relative';
  return isAnswer(result) ? 'spectrum' : undefined;
}

/** Of a job that is there or not. */
export function isAnswer({ stdout, stderr }: CommandResult): boolean {
  return (
    /^Job <1> is not found|^No (unfinished |matching )?job found/m.test(`${stdout}\n${stderr}`) ||
    /^1[\^ ]/m.test(stdout)
  );
}
