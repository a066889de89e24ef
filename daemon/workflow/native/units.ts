/**
 * Quantities as people write them: memory, times, durations.
 *
 * A number without a unit is refused, never guessed: SLURM reads a bare time as minutes, Grid Engine as
 * seconds, and people mean hours. The notations of the schedulers' own directive lines are in directives.ts.
 */

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string };

const MIB_PER_UNIT: Readonly<Record<string, number>> = { M: 1, G: 1024, T: 1024 * 1024 };
const SECONDS_PER_UNIT: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `512M`, `16G`, `1.5T`; 1024-based, rounded up to whole MiB. */
export function parseMemoryMiB(written: unknown): Parsed<number> {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*([MGT])(?:i?B)?$/i.exec(asText(written)) ?? [];
  if (amount === undefined || unit === undefined) return refuse(memoryAdvice(written));
  const memoryMiB = Math.ceil(Number(amount) * (MIB_PER_UNIT[unit.toUpperCase()] ?? 1));
  return memoryMiB > 0 ? accept(memoryMiB) : refuse('must be more than nothing, such as 512M');
}

/** A time limit: `90m`, `4h`, `1h30m`, `HH:MM:SS`, `D-HH:MM:SS`; rounded up to whole seconds. */
export function parseTimeSeconds(written: unknown): Parsed<number> {
  const text = asText(written);
  const seconds = clockSeconds(text) ?? unitSeconds(text);
  if (seconds === undefined) return refuse(timeAdvice(written));
  return seconds > 0 ? accept(Math.ceil(seconds)) : refuse('must be more than nothing, such as 10m');
}

/** A waiting time: `30s`, `5m`, `1d`. */
export function parseDurationMs(written: unknown): Parsed<number> {
  const seconds = unitSeconds(asText(written));
  if (seconds !== undefined) return accept(Math.round(seconds * 1000));
  return refuse(`must be a duration with a unit, such as 30s, 5m or 2h; ${show(written)} is not`);
}

/** `2`, or `a100:2`. */
export function parseGpus(written: unknown): Parsed<{ readonly count: number; readonly type?: string }> {
  const [, type, digits] = /^(?:([A-Za-z][\w.-]*):)?(\d+)$/.exec(asText(written)) ?? [];
  const count = Number(digits);
  if (digits === undefined || !Number.isSafeInteger(count)) {
    return refuse(
      `must be a number of GPUs or type:number, such as 2 or a100:2; ${show(written)} is neither`,
    );
  }
  return accept(type === undefined ? { count } : { count, type });
}

/** A whole number of at least 1. */
export function parseCount(written: unknown): Parsed<number> {
  const text = asText(written);
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count) && count > 0) return accept(count);
  return refuse(`must be a whole number of at least 1; ${show(written)} is not`);
}

/** A value as it may be quoted in a message: short, on one line. */
export function show(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  const text = String(value).replaceAll('\n', '\\n');
  return typeof value === 'string' ? `'${text.length > 60 ? `${text.slice(0, 57)}...` : text}'` : text;
}

function memoryAdvice(written: unknown): string {
  if (/^\d+(\.\d+)?$/.test(asText(written))) {
    return `needs a unit: write ${asText(written)}M or ${asText(written)}G (1024-based)`;
  }
  return `must be memory with a unit M, G or T, such as 16G; ${show(written)} is not`;
}

function timeAdvice(written: unknown): string {
  const text = asText(written);
  if (/^\d+(\.\d+)?$/.test(text)) {
    return `needs a unit: write ${text}m or ${text}h (a bare number is refused, because SLURM reads minutes and people mean hours)`;
  }
  if (/^\d+:\d+$/.test(text)) {
    return `could be hours:minutes or minutes:seconds: write ${text}:00 for hours:minutes:seconds, or use units, such as 90m`;
  }
  return `must be a time such as 90m, 4h, 12:30:00 or 1-12:00:00; ${show(written)} is not`;
}

function clockSeconds(text: string): number | undefined {
  const [, days, hours, minutes, seconds] = /^(?:(\d+)-)?(\d+):([0-5]?\d):([0-5]?\d)$/.exec(text) ?? [];
  if (hours === undefined) return undefined;
  return Number(days ?? 0) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

function unitSeconds(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?\s*[smhd]\s*)+$/.test(text)) return undefined;
  const parts = text.matchAll(/(\d+(?:\.\d+)?)\s*([smhd])/g);
  return [...parts].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (SECONDS_PER_UNIT[unit ?? ''] ?? 0),
    0,
  );
}

function asText(written: unknown): string {
  return typeof written === 'string' || typeof written === 'number' ? String(written).trim() : '';
}

function accept<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

function refuse(message: string): Parsed<never> {
  return { ok: false, message };
}
