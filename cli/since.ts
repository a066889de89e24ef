/** `--since`: a span back from now (`2h`) or a day or time (`2026-01-31`), as the API wants it. */
import { usageError } from './cli-error.ts';

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

export function sinceTime(given: string): string {
  const back = /^(\d+)([smhdw])$/.exec(given);
  const unit = back?.[2] as keyof typeof UNIT_MS | undefined;
  const ms = unit === undefined ? Date.parse(given) : Date.now() - Number(back?.[1]) * UNIT_MS[unit];
  if (Number.isNaN(ms))
    throw usageError(`--since ${given}: write a span such as 30m, 2h, 3d, or a day such as 2026-01-31`);
  return new Date(ms).toISOString();
}
