/** What a site says about one of its scheduler's words for a state. */
import { z } from 'zod';
import { END_KINDS } from '../../../backends/backend.ts';
import type { StateMeaning } from '../../../backends/template/settings.ts';
import { suggestion } from '../../protocol/nearest-name.ts';

const WORDS: Readonly<Record<string, StateMeaning>> = {
  queued: { is: 'queued' },
  running: { is: 'running' },
  ended: { is: 'ended' },
  ...Object.fromEntries(END_KINDS.map((kind) => [kind, { is: 'ended', kind } as const])),
};

const blockedKeys = z.strictObject({ blocked: z.string().min(1), forever: z.boolean().prefault(false) });

export function state() {
  return z.unknown().transform((written, context): StateMeaning => {
    const known = typeof written === 'string' ? WORDS[written] : undefined;
    if (known !== undefined) return known;
    const held = blockedKeys.safeParse(written);
    if (held.success)
      return { is: 'queued', blocked: { plain: held.data.blocked, forever: held.data.forever } };
    const names = Object.keys(WORDS);
    const near = typeof written === 'string' ? suggestion(written, names) : '';
    const message = `must be one of ${names.join(', ')}, or {blocked: 'why, in plain words', forever: true or false}${near}`;
    context.addIssue({ code: 'custom', message });
    return { is: 'queued' };
  });
}
