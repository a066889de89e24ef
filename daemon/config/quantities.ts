/** The kinds of values that keys of the configuration have. They leave here in milliseconds and MiB. */
import { z } from 'zod';
import { type Parsed, parseDurationMs, parseMemoryMiB } from '../workflow/native/units.ts';

export function duration(description: string) {
  return quantity('duration', description, parseDurationMs);
}

/** Absent from the settings where it is `never`. */
export function durationOrNever(description: string) {
  return quantity('duration, or `never`', description, (written): Parsed<number | 'never'> => {
    if (written === 'never') return { ok: true, value: written };
    const parsed = parseDurationMs(written);
    return parsed.ok ? parsed : { ok: false, message: `${parsed.message}; or \`never\`` };
  });
}

export function memory(description: string) {
  return quantity('memory', description, parseMemoryMiB);
}

function quantity<T>(format: string, description: string, parse: (written: unknown) => Parsed<T>) {
  return z
    .unknown()
    .transform((written, context) => {
      const parsed = parse(written);
      if (parsed.ok) return parsed.value;
      context.addIssue({ code: 'custom', message: parsed.message });
      return z.NEVER;
    })
    .meta({ format, description });
}

/** In the largest unit that needs no fraction, as a person would write it. */
export function durationText(ms: number): string {
  const seconds = ms / 1000;
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

export function count(description: string) {
  return z.int().min(1).max(1_000_000).describe(description);
}

export function path(description: string) {
  const hint = 'must be an absolute path, or begin with ~/';
  return z
    .string({ error: hint })
    .regex(/^(\/|~\/)/, hint)
    .describe(description);
}
