/** The unit in which this LSF counts memory, from its own configuration where that can be read. */
import { readFile } from 'node:fs/promises';
import { MEMORY_UNITS, type MemoryUnit } from './settings.ts';

export class UnitFinder {
  private readonly path: string;
  private text: string | undefined;

  /** lsf.conf lies in LSF_ENVDIR, else in /etc (lsf.conf). */
  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.path = `${env['LSF_ENVDIR'] ?? '/etc'}/lsf.conf`;
  }

  /** Absent where the file cannot be read, or says nothing. Read once; a file server that is away is asked again. */
  async find(): Promise<MemoryUnit | undefined> {
    this.text ??= await readFile(this.path, 'utf8').catch(() => undefined);
    return unitIn(this.text ?? '');
  }
}

export function unitIn(lsfConf: string): MemoryUnit | undefined {
  const written = /^\s*LSF_UNIT_FOR_LIMITS\s*=\s*"?(\w+)/m.exec(lsfConf)?.[1]?.toUpperCase();
  return MEMORY_UNITS.find((unit) => unit === written || unit[0] === written);
}
