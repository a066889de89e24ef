/**
 * Numbers, memory and times in the schedulers' own notations, which differ: a bare 60 is minutes for sbatch and
 * bsub, seconds for qsub. What cannot be read is `undefined`, and the option is passed through as it is.
 */

export function whole(value: string | undefined): number | undefined {
  return value !== undefined && /^[1-9]\d*$/.test(value) ? Number(value) : undefined;
}

const MIB: Readonly<Record<string, number>> = {
  B: 1 / 1024 / 1024,
  K: 1 / 1024,
  M: 1,
  G: 1024,
  T: 1024 * 1024,
};

export function memoryMiB(value: string | undefined, unitDefault: 'B' | 'K' | 'M'): number | undefined {
  const [, amount, unit = unitDefault] = /^(\d+(?:\.\d+)?)([KMGT])?B?$/i.exec(value ?? '') ?? [];
  const found = Math.ceil(Number(amount) * (MIB[unit.toUpperCase()] ?? 1));
  return found > 0 ? found : undefined;
}

/** sbatch(1) --time: minutes, minutes:seconds, hours:minutes:seconds, days-hours[:minutes[:seconds]]. */
export function slurmTime(value: string | undefined): number | undefined {
  if (value === undefined || !/^(\d+-)?\d+(:\d+){0,2}$/.test(value)) return undefined;
  const [days, clock] = value.includes('-') ? value.split('-') : [undefined, value];
  const [first = 0, second = 0, third = 0] = (clock ?? '').split(':').map(Number);
  const hasHours = days !== undefined || (clock ?? '').split(':').length === 3;
  const seconds = hasHours ? first * 3600 + second * 60 + third : first * 60 + second;
  return seconds + Number(days ?? 0) * 86_400 || undefined;
}

/** Seconds, or hours:minutes:seconds (sge_types(1), TIME). */
export function sgeTime(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d*(:\d*){0,2}$/.test(value)) return undefined;
  return value.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) || undefined;
}

export function lsfTime(value: string | undefined): number | undefined {
  const [, hours, minutes] = /^(?:(\d+):)?(\d+)(?:\/.*)?$/.exec(value ?? '') ?? [];
  return (Number(hours ?? 0) * 60 + Number(minutes)) * 60 || undefined;
}
