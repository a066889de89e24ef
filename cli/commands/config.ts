/** wfctl config: a configuration file checked, or what is in force and why; needs no daemon. */
import { resolve } from 'node:path';
import type { Examined, FileChoice } from '../../daemon/config/for-cli.ts';
import { ERRORS } from '../../daemon/protocol/errors.ts';
import { mistakeLines } from '../../daemon/protocol/mistake-lines.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import type { Output } from '../print/output.ts';

export const config = defineCommand({
  options: (yargs) =>
    yargs
      .positional('action', {
        choices: ['check', 'show'] as const,
        demandOption: true,
        describe: 'check: would the daemon take it; show: every value, and where it comes from',
      })
      .positional('file', { type: 'string', describe: 'Instead of the one that the daemon would read' })
      .option('system', { type: 'boolean', default: false, describe: 'As `wfd --system` reads it' })
      .option('json', { type: 'boolean', default: false, describe: 'As JSON' }),
  async run({ action, json, ...args }, context) {
    const { examined, asYaml } = await examine(args, context);
    if (!examined.ok) {
      complain(examined, json, context.out);
      return ERRORS.USAGE.exitCode;
    }
    if (action === 'check') printValid(examined.choice, json, context.out);
    else if (json) context.out.json({ ...fileAndWhy(examined.choice), settings: examined.settings });
    else printSettings(examined.choice, asYaml(examined.settings), context.out);
    return 0;
  },
});

interface Asked {
  readonly file: string | undefined;
  readonly system: boolean;
}

async function examine({ file, system }: Asked, { env, cwd, socket }: CommandContext) {
  const { examineConfig, settingsAsYaml } = await import('../../daemon/config/for-cli.ts');
  const options = {
    system,
    ...(file !== undefined && { config: resolve(cwd, file) }),
    ...(socket !== undefined && { socket }),
  };
  return { examined: await examineConfig(options, env), asYaml: settingsAsYaml };
}

function complain({ choice, mistakes }: Examined & { readonly ok: false }, json: boolean, out: Output): void {
  if (json) return out.json({ valid: false, ...fileAndWhy(choice), mistakes });
  const count = mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`;
  out.note(`wfctl: ${choice.file} has ${count} (this file: ${choice.why}); the daemon would refuse it:`);
  for (const line of mistakes.flatMap(mistakeLines)) out.note(`  ${line}`);
}

function printValid(choice: FileChoice, json: boolean, out: Output): void {
  if (json) return out.json({ valid: true, ...fileAndWhy(choice), mistakes: [] });
  out.line(
    choice.file === undefined
      ? `No file: ${choice.why}. None is needed.`
      : `${choice.file} is valid (${choice.why})`,
  );
}

function printSettings(choice: FileChoice, yaml: string, out: Output): void {
  out.line(`# ${choice.file ?? 'no file'}: ${choice.why}`);
  out.line('# What a daemon started here and now would take; one that runs may have read an earlier file.');
  out.line(yaml.trimEnd());
}

function fileAndWhy({ file, why }: FileChoice): { readonly file: string | null; readonly why: string } {
  return { file: file ?? null, why };
}
