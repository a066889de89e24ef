/** wfctl completion: what a shell reads to complete the commands of wfctl. */
import type { Options } from 'yargs';
import { VERSION } from '../../daemon/protocol/version.ts';
import { type CommandEntry, defineCommand } from '../command.ts';
import { bashScript } from '../completion/bash.ts';
import { fishScript } from '../completion/fish.ts';
import { describeCommands, describeOptions } from '../completion/reference.ts';
import { zshScript } from '../completion/zsh.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript };
const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** The table of the commands has this one in it, too, so it is handed in. */
export function completionOf(entries: readonly CommandEntry[], options: Readonly<Record<string, Options>>) {
  return defineCommand({
    options: (yargs) =>
      yargs.positional('shell', { choices: SHELLS, demandOption: true, describe: 'Which one reads it' }),
    async run({ shell }, { out }) {
      const commands = await describeCommands(entries);
      const script = SCRIPTS[shell]({ version: VERSION, commands, options: describeOptions(options) });
      out.raw(Buffer.from(script));
      return 0;
    },
  });
}
