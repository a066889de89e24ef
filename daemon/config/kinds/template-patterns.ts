/** Regular expressions of a site, compiled where they are read, so that a broken one is shown with its place. */
import { z } from 'zod';
import { GROUPS } from '../../../backends/template/settings.ts';
import { suggestion } from '../../protocol/nearest-name.ts';

const HINT = 'must be text: a regular expression (in single quotes, so that YAML leaves backslashes alone)';

/** `^` and `$` mean a line's ends. */
export function pattern(description: string) {
  return expression(description, (written) => new RegExp(written, 'm'));
}

/** It must be all of a text. */
export function wholePattern(description: string) {
  return expression(description, (written) => new RegExp(`^(?:${written})$`, 'u'));
}

export function patterns(description: string) {
  return z
    .array(pattern(''), { error: 'must be a list of regular expressions' })
    .meta({ format: 'list of patterns', description });
}

/** What an answer is known by. */
export function signs(what: string) {
  return z
    .strictObject({
      texts: patterns(`One of them in what the command prints: ${what}`).prefault([]),
      exitCodes: z
        .array(z.int().min(1).max(255), { error: 'must be a list of exit codes' })
        .prefault([])
        .meta({ format: 'list of numbers', description: `One of them: ${what}` }),
    })
    .prefault({});
}

/** Names of the groups `(?<name>…)`. */
export function groupsOf({ source }: RegExp): readonly string[] {
  return [...source.matchAll(/\(\?<([A-Za-z]\w*)>/g)].map(([, name = '']) => name);
}

export function unknownGroup(found: RegExp): string | undefined {
  const name = groupsOf(found).find((group) => !GROUPS.some((known) => known === group));
  if (name === undefined) return undefined;
  return `group '${name}' means nothing${suggestion(name, GROUPS) || `; groups are ${GROUPS.join(', ')}`}`;
}

function expression(description: string, compile: (written: string) => RegExp) {
  return z
    .string({ error: HINT })
    .transform((written, context) => {
      try {
        return compile(written);
      } catch (error) {
        const reason = error instanceof Error ? error.message.replace(/^.*: /, '') : String(error);
        context.addIssue({ code: 'custom', message: `is no regular expression: ${reason}` });
        return z.NEVER;
      }
    })
    .meta({ format: 'pattern', description });
}
