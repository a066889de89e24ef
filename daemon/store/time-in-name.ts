/** `2030-01-31T02-00-00Z`: a time in the name of a file sorts, and needs no quoting. */
export function timeInName(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll(':', '-')}Z`;
}

/** Undefined where it is none of these names' times. */
export function timeOfName(text: string): number | undefined {
  const [, date, hours, minutes, seconds] = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)Z$/.exec(text) ?? [];
  const ms = Date.parse(`${date}T${hours}:${minutes}:${seconds}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}
