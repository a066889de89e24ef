/** What a command is given: the way to the daemon, where to print, and the surroundings of the process. */
import { createClient } from './client.ts';
import type { CommandContext } from './command.ts';
import { createOutput } from './print/output.ts';

/** `args` are those of all commands: `--socket`, `--start`. */
export function contextOf(words: readonly string[], args: object): CommandContext {
  const env = process.env;
  const cwd = process.cwd();
  const out = createOutput(process.stdout, process.stderr, env);
  const start = 'start' in args ? args.start : undefined;
  const autostart = start === undefined ? env['WFD_AUTOSTART'] === '1' : start === true;
  const given = 'socket' in args && typeof args.socket === 'string' ? { socket: args.socket } : {};
  const client = createClient({ env, words, cwd, autostart, note: out.note, ...given });
  return { client, out, env, cwd, ...given };
}
