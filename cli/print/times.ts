/** Times for people: the clock where it is today, the day where it is not, and how long something took. */

/** Local time; `null` is shown as a dash. */
export function pointInTime(iso: string | null, now: Date): string {
  if (iso === null) return '-';
  const then = new Date(iso);
  const clock = `${two(then.getHours())}:${two(then.getMinutes())}`;
  if (then.toDateString() === now.toDateString()) return `${clock}:${two(then.getSeconds())}`;
  const day = `${two(then.getMonth() + 1)}-${two(then.getDate())}`;
  return then.getFullYear() === now.getFullYear()
    ? `${day} ${clock}`
    : `${then.getFullYear()}-${day} ${clock}`;
}

/** From start to end, or to now: `12s`, `3m12s`, `4h05m`, `2d03h`. */
export function span(startIso: string | null, endIso: string | null, now: Date): string {
  if (startIso === null) return '-';
  const end = endIso === null ? now.getTime() : Date.parse(endIso);
  return lasting(end - Date.parse(startIso));
}

/** A length of time, in the same form. */
export function lasting(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${two(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours}h${two(minutes % 60)}m` : `${Math.floor(hours / 24)}d${two(hours % 24)}h`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
